/**
 * The part of Handlebars' syntax tree that the pure files look at. Written out here, so that only the compiler knows the library
 * and the rules can be read and tested without it.
 */
export interface Position {
  readonly line: number;
  readonly column: number;
}

interface Located {
  readonly loc?: { readonly start: Position };
}

export interface PathNode extends Located {
  readonly type: 'PathExpression';
  /** As written: `../user.name`, `this`, `@index`. */
  readonly original: string;
  readonly parts: readonly string[];
  /** How many `../`. */
  readonly depth: number;
  /** Begins with `@`. */
  readonly data: boolean;
}

export interface LiteralNode extends Located {
  readonly type: 'StringLiteral' | 'NumberLiteral' | 'BooleanLiteral' | 'NullLiteral' | 'UndefinedLiteral';
  readonly value?: unknown;
}

export interface HashNode extends Located {
  readonly type: 'Hash';
  readonly pairs: readonly { readonly key: string; readonly value: ExpressionNode }[];
}

/** What a mustache, a block and a parenthesis have in common. */
export interface CallNode extends Located {
  readonly path: PathNode | LiteralNode | SubExpressionNode;
  readonly params: readonly ExpressionNode[];
  readonly hash?: HashNode | undefined;
}

export interface SubExpressionNode extends CallNode {
  readonly type: 'SubExpression';
}

export type ExpressionNode = PathNode | LiteralNode | SubExpressionNode;

export interface MustacheNode extends CallNode {
  readonly type: 'MustacheStatement';
  readonly escaped: boolean;
}

export interface BlockNode extends CallNode {
  readonly type: 'BlockStatement';
  readonly program?: ProgramNode | undefined;
  readonly inverse?: ProgramNode | undefined;
}

export interface ContentNode extends Located {
  readonly type: 'ContentStatement';
  readonly value: string;
}

export interface OtherNode extends Located {
  readonly type:
    | 'CommentStatement' | 'PartialStatement' | 'PartialBlockStatement' | 'Decorator' | 'DecoratorBlock';
}

export type StatementNode = MustacheNode | BlockNode | ContentNode | OtherNode;

export interface ProgramNode extends Located {
  readonly type: 'Program';
  readonly body: readonly StatementNode[];
  readonly blockParams?: readonly string[] | undefined;
  /** The `else if` of a chain: no level of its own. */
  readonly chained?: boolean | undefined;
}

/** A variable on its own (`{{user.email}}`): neither arguments nor named ones. */
export function isVariable(call: CallNode): call is CallNode & { path: PathNode } {
  return call.path.type === 'PathExpression' && call.params.length === 0 && !call.hash;
}
