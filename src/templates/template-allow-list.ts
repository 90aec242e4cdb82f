import { MAX_MISTAKES, type Mistake } from './mistake.js';
import {
  isVariable, type BlockNode, type CallNode, type ExpressionNode, type MustacheNode, type PathNode, type ProgramNode, type StatementNode,
} from './template-ast.js';
import { TEMPLATE_LIMITS } from './template-limits.js';

interface Signature {
  readonly min: number;
  readonly max: number;
  readonly named?: readonly string[];
  readonly usage: string;
}

/** Every helper there is. What is not listed here does not exist, whatever Handlebars itself would know. */
export const HELPERS: Readonly<Record<string, Signature>> = {
  default: { min: 2, max: 8, usage: '{{default variable "fallback"}}' },
  number: { min: 1, max: 2, usage: '{{number variable}} or {{number variable decimals}}' },
  currency: { min: 1, max: 2, usage: '{{currency amount}} or {{currency amount "EUR"}}' },
  date: { min: 1, max: 2, named: ['timezone'], usage: '{{date variable "medium"}}' },
  upper: { min: 1, max: 1, usage: '{{upper variable}}' },
  lower: { min: 1, max: 1, usage: '{{lower variable}}' },
  title: { min: 1, max: 1, usage: '{{title variable}}' },
  plural: {
    min: 1, max: 3, named: ['zero', 'one', 'two', 'few', 'many', 'other'],
    usage: '{{plural count "item" "items"}} or {{plural count one="item" other="items"}}',
  },
};

export const BLOCK_HELPERS: ReadonlySet<string> = new Set(['if', 'unless', 'each', 'with']);

const HELPER_NAMES = new Set([...Object.keys(HELPERS), ...BLOCK_HELPERS, 'else']);
const DATA_VARIABLES = new Set(['index', 'key', 'first', 'last', 'root']);
/** `constructor`, `__proto__`, `toString` …: nothing that every object has is anybody's attribute. */
const INHERITED = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);
const MAX_PATH = 16;
const BLOCK_PARAM = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

interface Walk {
  readonly path: string;
  readonly mistakes: Mistake[];
  mustaches: number;
  blocks: number;
}

/**
 * Holds a parsed template to the allow-list: `if unless each with` and our helpers, variables and literals, nothing else. The
 * tree may be of hostile make only in what it contains, never in its shape: it must come from the parser.
 * @returns every mistake, at most {@link MAX_MISTAKES}.
 */
export function checkProgram(program: ProgramNode, path: string): Mistake[] {
  const walk: Walk = { path, mistakes: [], mustaches: 0, blocks: 0 };
  checkStatements(program, 0, walk);
  if (walk.mustaches > TEMPLATE_LIMITS.mustaches) note(walk, `must have at most ${TEMPLATE_LIMITS.mustaches} mustaches`);
  if (walk.blocks > TEMPLATE_LIMITS.blocks) note(walk, `must have at most ${TEMPLATE_LIMITS.blocks} blocks`);
  return walk.mistakes;
}

function note(walk: Walk, message: string, node?: StatementNode | ExpressionNode | CallNode): void {
  if (walk.mistakes.length >= MAX_MISTAKES) return;
  const start = node?.loc?.start;
  const where = start ? ` (line ${start.line}, column ${start.column + 1})` : '';
  walk.mistakes.push({ path: walk.path, message: message + where });
}

function checkStatements(program: ProgramNode, depth: number, walk: Walk): void {
  if (depth > TEMPLATE_LIMITS.depth) return note(walk, `must not be nested deeper than ${TEMPLATE_LIMITS.depth} blocks`);
  for (const name of program.blockParams ?? []) {
    if (!BLOCK_PARAM.test(name) || HELPER_NAMES.has(name) || INHERITED.has(name)) note(walk, `|${name}| is not a name for a block parameter`);
  }
  for (const statement of program.body) checkStatement(statement, depth, walk);
}

function checkStatement(statement: StatementNode, depth: number, walk: Walk): void {
  switch (statement.type) {
    case 'ContentStatement':
    case 'CommentStatement':
      return;
    case 'MustacheStatement':
      return checkMustache(statement, depth, walk);
    case 'BlockStatement':
      return checkBlock(statement, depth, walk);
    case 'PartialStatement':
    case 'PartialBlockStatement':
      return note(walk, 'partials are not allowed', statement);
    default:
      return note(walk, 'decorators are not allowed', statement);
  }
}

function checkMustache(mustache: MustacheNode, depth: number, walk: Walk): void {
  walk.mustaches++;
  if (!mustache.escaped) note(walk, 'unescaped output is not allowed', mustache);
  if (mustache.path.type !== 'PathExpression') return note(walk, 'a literal is not a variable', mustache);
  if (!isVariable(mustache)) return checkCall(mustache, 0, walk);
  const { path } = mustache;
  // Inside each and with the name may be a field of the item; at the top nothing is named like a helper.
  if (depth === 0 && HELPER_NAMES.has(path.original)) note(walk, `${path.original} needs arguments: ${HELPERS[path.original]?.usage ?? 'it is a block'}`, path);
  checkPath(path, walk);
}

function checkBlock(block: BlockNode, depth: number, walk: Walk): void {
  walk.blocks++;
  const name = nameOf(block);
  if (name === undefined || !BLOCK_HELPERS.has(name)) note(walk, `blocks are if, unless, each and with, not ${label(block)}`, block);
  else if (block.params.length !== 1) note(walk, `${name} takes one argument`, block);
  if (name !== 'each' && name !== 'with' && block.program?.blockParams?.length) note(walk, `${label(block)} takes no |parameters|`, block);
  if (block.hash) note(walk, `${label(block)} takes no named arguments`, block);
  for (const param of block.params) checkExpression(param, 1, walk);
  if (block.program) checkStatements(block.program, depth + 1, walk);
  if (block.inverse) checkStatements(block.inverse, block.inverse.chained ? depth : depth + 1, walk);
}

function checkCall(call: CallNode, parentheses: number, walk: Walk): void {
  const name = nameOf(call);
  const signature = name !== undefined && Object.hasOwn(HELPERS, name) ? HELPERS[name] : undefined;
  if (!signature) return note(walk, `there is no helper ${label(call)}; helpers are ${Object.keys(HELPERS).join(', ')}`, call);
  const named = call.hash?.pairs ?? [];
  const unknown = named.filter((pair) => !signature.named?.includes(pair.key));
  const count = call.params.length;
  const wordless = name === 'plural' && (named.length === 0 ? count !== 3 : count !== 1 || !named.some((pair) => pair.key === 'other'));
  if (count < signature.min || count > signature.max || unknown.length > 0 || wordless) note(walk, `${name} is used as ${signature.usage}`, call);
  for (const param of [...call.params, ...named.map((pair) => pair.value)]) checkExpression(param, parentheses + 1, walk);
}

function checkExpression(expression: ExpressionNode, parentheses: number, walk: Walk): void {
  if (parentheses > TEMPLATE_LIMITS.parentheses) return note(walk, `must have at most ${TEMPLATE_LIMITS.parentheses} parentheses in a mustache`);
  if (expression.type === 'SubExpression') checkCall(expression, parentheses, walk);
  else if (expression.type === 'PathExpression') checkPath(expression, walk);
}

function checkPath(path: PathNode, walk: Walk): void {
  if (path.parts.length > MAX_PATH || path.depth > TEMPLATE_LIMITS.depth) note(walk, 'a variable has at most 16 segments', path);
  for (const part of path.parts) {
    if (typeof part !== 'string' || INHERITED.has(part)) note(walk, `${String(part)} is not the name of a variable`, path);
  }
  if (path.data && !DATA_VARIABLES.has(path.parts[0] ?? '')) note(walk, `${path.original} is not known; there are @index, @key, @first, @last and @root`, path);
}

/** The helper's name where the call names one simply: not `a.b`, `this.a`, `../a` or `@a`. */
function nameOf(call: CallNode): string | undefined {
  const { path } = call;
  return path.type === 'PathExpression' && path.original === path.parts[0] && !path.data ? path.original : undefined;
}

function label(call: CallNode): string {
  const { path } = call;
  const text = path.type === 'PathExpression' ? path.original : path.type;
  return String(text).slice(0, 64);
}
