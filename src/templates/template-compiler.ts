import Handlebars from 'handlebars';
import { FORMAT_HELPERS, firstPresent } from './format-helpers.js';
import { blockHelpers } from './block-helpers.js';
import type { Mistake } from './mistake.js';
import { resolveModes, type ModeMap } from './output-places.js';
import { writeValue, type FieldKind, type OutputMode } from './output-mode.js';
import { Missing, RENDER_LIMITS, RenderFailure, isBlank, type RenderState } from './render-state.js';
import { checkProgram } from './template-allow-list.js';
import { isVariable, type CallNode, type ExpressionNode, type MustacheNode, type ProgramNode } from './template-ast.js';
import { scanSource } from './template-limits.js';

/** A template text ready to be rendered. @throws RenderFailure where a person's data do not suffice. */
export type CompiledText = (context: object, state: RenderState) => string;

// Names that no template can write: a block parameter `|output|` would otherwise stand in for the helper and print unescaped.
const OUTPUT = '#output';
const VARIABLE = '#variable';

interface HelperCall {
  readonly hash: Record<string, unknown>;
  readonly data: { readonly render: RenderState };
}

/** An environment of our own: nobody else's helpers, none of Handlebars' that are not replaced below, no access to prototypes. */
const environment = bareEnvironment();
environment.registerHelper(blockHelpers((frame) => environment.createFrame(frame) as object));
environment.registerHelper(OUTPUT, (value: unknown, mode: OutputMode, name: string, call: HelperCall) =>
  writeValue(call.data.render, mode, value, name));
environment.registerHelper(VARIABLE, (value: unknown, name: string) => (isBlank(value) ? new Missing(name) : value));
environment.registerHelper('default', (...args: unknown[]) => firstPresent(args.slice(0, -1)));
for (const [name, format] of Object.entries(FORMAT_HELPERS)) {
  environment.registerHelper(name, (...args: unknown[]) => {
    const { data, hash } = args.pop() as HelperCall;
    const gap = [...args, ...Object.values(hash)].find((value) => value instanceof Missing || typeof value === 'symbol');
    return gap ?? format(data.render, args, hash);
  });
}
const KNOWN_HELPERS = Object.fromEntries(Object.keys(environment.helpers).map((name) => [name, true]));
/** By the names of their helpers: as many as there are ways to choose helpers in the templates in use, a handful. */
const environments = new Map<string, typeof Handlebars>();

function bareEnvironment(): typeof Handlebars {
  const bare = Handlebars.create();
  for (const name of Object.keys(bare.helpers)) bare.unregisterHelper(name);
  return bare;
}

/** Handlebars wraps every helper of its environment anew for each rendering, so a text gets one that has no more than it calls. */
function environmentFor(program: ProgramNode): typeof Handlebars {
  const written = namesIn(program);
  const names = Object.keys(KNOWN_HELPERS).filter((name) => written.has(name));
  const known = environments.get(names.join());
  if (known) return known;
  const made = bareEnvironment();
  for (const name of names) made.registerHelper(name, environment.helpers[name]!);
  environments.set(names.join(), made);
  return made;
}

/** Every path written anywhere in a syntax tree, variables among them. */
function namesIn(node: unknown, names = new Set<string>()): Set<string> {
  if (typeof node !== 'object' || node === null) return names;
  if ('original' in node) names.add(String(node.original));
  for (const child of Object.values(node)) namesIn(child, names);
  return names;
}

/**
 * Everything wrong with a template text, without compiling it: the linear scan first, then the parser, the allow-list and the places
 * where its variables stand.
 */
export function checkTemplate(source: unknown, kind: FieldKind, path: string): Mistake[] {
  return analyse(source, kind, path).mistakes;
}

/** @throws Error naming the mistake if the text would not pass {@link checkTemplate}. */
export function compileTemplate(source: string, kind: FieldKind, path: string): CompiledText {
  const { mistakes, program, modes } = analyse(source, kind, path);
  if (!program) throw new Error(`${path}: ${mistakes[0]?.message ?? 'is not a template'}`);
  rewriteProgram(program, modes);
  const fill = fixedText(program) ?? filledText(program);
  return (context, state) => {
    state.budget.spend(1);
    const text = fill(context, state);
    if (text.length > RENDER_LIMITS.output) throw new RenderFailure(`is longer than ${RENDER_LIMITS.output / 1024} KB`);
    return text;
  };
}

/** A text without variables: Handlebars wraps every helper anew for each rendering, five kilobytes of garbage to say the same again. */
function fixedText({ body }: ProgramNode): CompiledText | undefined {
  if (!body.every((node) => node.type === 'ContentStatement')) return undefined;
  const text = body.map((node) => node.value).join('');
  return () => text;
}

function filledText(program: ProgramNode): CompiledText {
  const template = environmentFor(program).compile(program, { knownHelpers: KNOWN_HELPERS as never, knownHelpersOnly: true, noEscape: true, data: true });
  return (context, state) => template(context, { data: { render: state }, allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false });
}

interface Analysis {
  readonly mistakes: Mistake[];
  readonly program?: ProgramNode;
  readonly modes: ModeMap;
}

function analyse(source: unknown, kind: FieldKind, path: string): Analysis {
  const modes: ModeMap = new Map();
  const refused = (mistakes: Mistake[]): Analysis => ({ mistakes, modes });
  const scan = scanSource(source, path);
  if (scan.length > 0) return refused(scan);
  let program: ProgramNode;
  try {
    program = environment.parseWithoutProcessing(source as string) as unknown as ProgramNode;
  } catch (error) {
    return refused([{ path, message: parseMessage(error as Error) }]);
  }
  const mistakes = checkProgram(program, path);
  if (mistakes.length === 0) mistakes.push(...resolveModes(program, kind, path, modes));
  return mistakes.length > 0 ? refused(mistakes) : { mistakes, program, modes };
}

/** The parser's message is a picture of several lines; kept are the line and what it expected or found. */
function parseMessage(error: Error): string {
  const lines = error.message.split('\n');
  const text = lines.length > 3 ? `${lines[0]} ${lines.at(-1)}` : lines.join(' ');
  return `is not a valid template: ${text.replace(/\s+/g, ' ').slice(0, 240)}`;
}

/**
 * Sends every output through one helper that knows the place, and every variable that is an argument through one that marks the
 * missing. Handlebars' own `strict` is not enough: it takes null and "" for values, and it throws inside `default` for a missing parent.
 */
function rewriteProgram(program: ProgramNode, modes: ModeMap): void {
  for (const statement of program.body) {
    if (statement.type === 'MustacheStatement') rewriteMustache(statement, modes.get(statement)!);
    if (statement.type !== 'BlockStatement') continue;
    rewriteArguments(statement, (param) => param.type === 'SubExpression');
    if (statement.program) rewriteProgram(statement.program, modes);
    if (statement.inverse) rewriteProgram(statement.inverse, modes);
  }
}

function rewriteMustache(mustache: MustacheNode, mode: OutputMode): void {
  const name = text(nameOfCall(mustache));
  const plain = isVariable(mustache);
  if (!plain) rewriteArguments(mustache, () => true);
  const { path, params, hash, loc } = mustache;
  const value = plain ? path : { type: 'SubExpression', path, params, hash, loc };
  Object.assign(mustache, { path: helperPath(OUTPUT), params: [value, text(mode), name], hash: undefined });
}

/** Conditions keep their bare variables (a missing one is false); whatever is formatted or printed gets the marker. */
function rewriteArguments(call: CallNode, applies: (param: ExpressionNode) => boolean): void {
  const rewritten = call.params.map((param) => (applies(param) ? rewriteExpression(param) : param));
  const pairs = call.hash?.pairs.map((pair) => ({ ...pair, value: rewriteExpression(pair.value) }));
  Object.assign(call, { params: rewritten, ...(call.hash ? { hash: { ...call.hash, pairs } } : {}) });
}

function rewriteExpression(expression: ExpressionNode): ExpressionNode {
  if (expression.type === 'SubExpression') {
    rewriteArguments(expression, () => true);
    return expression;
  }
  if (expression.type !== 'PathExpression') return expression;
  const { loc, original } = expression;
  return { type: 'SubExpression', path: helperPath(VARIABLE), params: [expression, text(original)], loc } as unknown as ExpressionNode;
}

function nameOfCall(call: CallNode): string {
  return call.path.type === 'PathExpression' ? call.path.original : 'the value';
}

const helperPath = (name: string): object => ({ type: 'PathExpression', data: false, depth: 0, parts: [name], original: name });
const text = (value: string): object => ({ type: 'StringLiteral', value, original: value });
