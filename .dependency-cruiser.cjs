/** The map of the modules, held by a tool. See docs/architecture.md. */

/** Files that decide and compute; they may be run without a database, a queue or a framework. */
const PURE = [
  '^src/scoring/(rfm|bg-nbd|bg-nbd-fit|gamma-gamma|attention|opt-out-hazard|shrinkage|fit|fit-tasks|columns|rfm-movement|value-model|engagement-priors|worth|worth-model)\\.ts$',
  '^src/scoring/math/',
  '^src/experiments/[a-z-]+\\.ts$',
  '^src/fatigue/(frequency-cap|quiet-hours|ranking|fatigue-gates|calendar-window|policy|world)\\.ts$',
  '^src/segments/(segment-rule|segment-compiler|segment-evaluator)\\.ts$',
  '^src/segments/(rule|predicate|oracle)/',
  '^src/campaigns/(campaign-state|cron|opt-out-alarm|schedule|zone-waves)\\.ts$',
  '^src/delivery/(delivery-state|pace|retry)\\.ts$',
  '^src/feedback/(attribution|html-links|machine|preferences)\\.ts$',
  '^src/reporting/(lift-panel|results-shape)\\.ts$',
  '^src/reporting/export/csv\\.ts$',
];
const PURE_FILES = { path: PURE, pathNot: ['/index\\.ts$', '\\.spec\\.ts$'] };

/** Small files without a word of the outside that pure files may lean on. */
const PURE_HELPERS = ['^src/platform/(time|math|numeric)/'];

module.exports = {
  forbidden: [
    {
      name: 'platform-knows-no-feature',
      comment: 'src/platform has no word of the business.',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(?!platform/)' },
    },
    {
      name: 'modules-meet-through-index',
      comment: 'One module sees of another what its index.ts offers (scoring/math is a library with an index of its own). The composition roots (src/*.ts) may see all.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/([^/]+)/.+', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$', '^src/scoring/math/index\\.ts$', '^src/platform/'] },
    },
    {
      name: 'platform-through-index',
      comment: 'A module sees of a part of the platform what its index.ts offers.',
      severity: 'error',
      from: { path: '^src/(?!platform/)[^/]+/' },
      to: { path: '^src/platform/[^/]+/', pathNot: ['^src/platform/[^/]+/index\\.ts$', '^src/platform/queue/redis-url\\.ts$'] },
    },
    {
      name: 'no-cycles',
      comment: 'Types are counted too, but for entities of one module that name each other.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'src-never-imports-test',
      severity: 'error',
      from: { path: '^(src|migrations)/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'pure-imports-pure',
      comment: 'A pure file runs on pure files of ours alone; it may name the types of others, which are gone at run time.',
      severity: 'error',
      from: PURE_FILES,
      to: { path: '^src/', pathNot: [...PURE, ...PURE_HELPERS], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-without-framework',
      severity: 'error',
      from: PURE_FILES,
      to: { path: '(^|/)(@nestjs|typeorm|pg|bull|ioredis|firebase-admin|express|nodemailer)(/|$)' },
    },
    {
      name: 'pure-without-io',
      comment: 'node:crypto is a function of its input where it hashes; the lint rule forbids its random half.',
      severity: 'error',
      from: PURE_FILES,
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|assert)$' },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'express comes with @nestjs/platform-express, at the version that one wants.',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/express/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)\\.?dist' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'], extensions: ['.ts', '.js', '.mjs', '.json'] },
  },
};
