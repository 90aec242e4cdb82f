import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const TIME = 'Time comes from the injected Clock (src/platform/clock).';
const CHANCE = 'Chance and ids come from the injected random source (src/platform/random).';

const clockAndRandom = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: TIME },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: TIME },
  { selector: "CallExpression[callee.name='Date']", message: TIME },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: CHANCE },
  { selector: 'CallExpression[callee.name=/^(randomUUID|randomBytes|randomInt)$/]', message: CHANCE },
  { selector: 'CallExpression[callee.property.name=/^(randomUUID|randomBytes|randomInt|getRandomValues)$/]', message: CHANCE },
];

/** A package that only the named files may import. */
const only = {
  firebase: { group: ['firebase-admin', 'firebase-admin/*'], message: 'Only src/channels/push knows firebase-admin.' },
  handlebars: { group: ['handlebars', 'handlebars/*'], message: 'Only the template renderer knows Handlebars.' },
  bull: { group: ['bull', '@nestjs/bull'], message: 'Only modules, processors and src/platform/queue know Bull.' },
  test: { group: ['**/test/**'], message: 'src never imports test.' },
};
const allImportsBut = (...allowed) => [
  'error',
  { patterns: Object.entries(only).filter(([name]) => !allowed.includes(name)).map(([, pattern]) => pattern) },
];
const imports = '@typescript-eslint/no-restricted-imports';

export default defineConfig(
  { ignores: ['dist', '.dist-*', 'node_modules', 'coverage', '.rapport'] },
  eslint.configs.recommended,
  { rules: { 'no-control-regex': 'off' } }, // we refuse control characters in what comes in, so we have to name them
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      // Express and event emitters take functions of any result; what is checked is a promise used as a condition.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-extraneous-class': 'off',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 80 }],
    },
  },
  {
    files: ['src/**/*.ts', 'migrations/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...clockAndRandom],
      [imports]: allImportsBut(),
    },
  },
  { files: ['src/channels/push/**'], rules: { [imports]: allImportsBut('firebase') } },
  { files: ['src/templates/**'], rules: { [imports]: allImportsBut('handlebars') } },
  { files: ['src/**/*.module.ts', 'src/**/*.processor.ts', 'src/platform/queue/**'], rules: { [imports]: allImportsBut('bull') } },
  { files: ['src/platform/clock/**', 'src/platform/random/**', 'src/platform/embedded/**'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['src/main.ts', 'src/cli/**', 'src/platform/embedded/guardian.ts'], rules: { 'no-console': 'off' } },
  {
    // A describe block is one function, a migration's SQL one string.
    files: ['test/**/*.ts', '**/*.spec.ts', 'migrations/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', 'no-restricted-syntax': 'off', [imports]: 'off' },
  },
  { files: ['migrations/**/*.ts'], rules: { 'max-lines': 'off' } },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'URL', 'Buffer', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'performance', 'fetch', 'structuredClone', 'AbortController', 'AbortSignal', 'TextDecoder', 'TextEncoder', 'URLSearchParams', 'module', 'require'].map((name) => [name, 'readonly']),
      ),
    },
    rules: { 'max-lines': ['error', { max: 400 }], 'max-lines-per-function': ['error', { max: 80 }] },
  },
);
