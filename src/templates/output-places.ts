import { HTML_START, followHtml, isUrlAttribute, joinContexts, joinUrls, variableFault, type HtmlContext } from './html-context.js';
import { MAX_MISTAKES, type Mistake } from './mistake.js';
import type { FieldKind, OutputMode } from './output-mode.js';
import type { BlockNode, MustacheNode, ProgramNode } from './template-ast.js';
import { URL_START, followUrl, type UrlPart, type UrlState } from './url-rules.js';

export type ModeMap = Map<MustacheNode, OutputMode>;

/** Reads a template along the output it writes, with a context that says where a variable stands. */
interface Reader<C> {
  text(context: C, text: string): C;
  variable(context: C, node: MustacheNode): C;
  join(a: C, b: C): C | undefined;
}

type Note = (message: string, node?: MustacheNode | BlockNode) => void;

/**
 * Finds for every mustache how its value is to be written, and puts it into `modes`.
 * @returns where a variable may not stand, and static addresses that are refused.
 */
export function resolveModes(program: ProgramNode, kind: FieldKind, path: string, modes: ModeMap): Mistake[] {
  const mistakes: Mistake[] = [];
  const note: Note = (message, node) => {
    const start = node?.loc?.start;
    const where = start ? ` (line ${start.line}, column ${start.column + 1})` : '';
    if (mistakes.length < MAX_MISTAKES) mistakes.push({ path, message: message + where });
  };
  if (kind === 'html') read(program, HTML_START, htmlReader(modes, note), note);
  else if (kind === 'url') read(program, URL_START, urlReader(modes, note), note);
  else read(program, null, flatReader(kind, modes), note);
  return mistakes;
}

function read<C>(program: ProgramNode | undefined, start: C, reader: Reader<C>, note: Note): C {
  let context = start;
  for (const node of program?.body ?? []) {
    if (node.type === 'ContentStatement') context = reader.text(context, node.value);
    else if (node.type === 'MustacheStatement') context = reader.variable(context, node);
    else if (node.type === 'BlockStatement') context = readBlock(node, context, reader, note);
  }
  return context;
}

/** A block that is skipped or repeated must leave the markup where it found it, or in one place on both ways. */
function readBlock<C>(node: BlockNode, start: C, reader: Reader<C>, note: Note): C {
  const after = read(node.program, start, reader, note);
  const otherwise = read(node.inverse, start, reader, note);
  const loops = node.path.type === 'PathExpression' && node.path.original === 'each';
  const joined = reader.join(after, otherwise);
  if (joined !== undefined && (!loops || reader.join(after, start) !== undefined)) return joined;
  note('the ways through this block end in different places of the markup', node);
  return after;
}

function flatReader(kind: 'plain' | 'header', modes: ModeMap): Reader<null> {
  return {
    text: () => null,
    variable: (_, node) => {
      modes.set(node, kind);
      return null;
    },
    join: () => null,
  };
}

function urlReader(modes: ModeMap, note: Note): Reader<UrlState> {
  return {
    text: (context, text) => {
      const { fault, ...url } = followUrl(context, text, false);
      if (fault) note(fault);
      return url;
    },
    variable: (context, node) => {
      if (context.part === 'undecided') note('an address must begin with its scheme or with a variable that holds it', node);
      modes.set(node, URL_MODES[context.part][0]);
      return behindVariable(context);
    },
    join: joinUrls,
  };
}

function htmlReader(modes: ModeMap, note: Note): Reader<HtmlContext> {
  return {
    text: (context, text) => followHtml(context, text, note),
    variable: (context, node) => {
      const fault = variableFault(context);
      if (fault) note(fault, node);
      const inAddress = isUrlAttribute(context);
      modes.set(node, inAddress ? URL_MODES[context.url.part][1] : 'html');
      return inAddress ? { ...context, url: behindVariable(context.url) } : context;
    },
    join: joinContexts,
  };
}

const URL_MODES: Record<UrlPart, readonly [OutputMode, OutputMode]> = {
  start: ['urlStart', 'htmlUrlStart'],
  // Refused before it is ever written; the strictest mode stands here all the same.
  undecided: ['urlStart', 'htmlUrlStart'],
  path: ['urlPath', 'htmlUrlPath'],
  query: ['urlQuery', 'htmlUrlQuery'],
};

function behindVariable(url: UrlState): UrlState {
  return url.part === 'start' ? { part: 'path', prefix: '' } : url;
}
