import { Missing, RENDER_LIMITS, RenderFailure, isTruthy, type RenderState } from './render-state.js';

interface BlockCall {
  fn(context: unknown, options?: object): string;
  inverse(context: unknown, options?: object): string;
  readonly data: Frame;
}

interface Frame {
  readonly render: RenderState;
}

type BlockHelper = (this: unknown, value: unknown, call: BlockCall) => string;

/**
 * `if`, `unless`, `each` and `with`, in place of Handlebars' own: the same meaning, but every iteration is counted, a list is bounded and
 * what is no list is a failure instead of silence.
 * @param childFrame Handlebars' way to nest `@index` and its kin.
 */
export function blockHelpers(childFrame: (frame: Frame) => object): Record<string, BlockHelper> {
  return {
    if(value, call) {
      call.data.render.budget.spend(1);
      return isTruthy(value) ? call.fn(this) : call.inverse(this);
    },
    unless(value, call) {
      call.data.render.budget.spend(1);
      return isTruthy(value) ? call.inverse(this) : call.fn(this);
    },
    with(value, call) {
      call.data.render.budget.spend(1);
      return isTruthy(value) ? call.fn(value, { data: call.data, blockParams: [value] }) : call.inverse(this);
    },
    each(value, call) {
      call.data.render.budget.spend(1);
      const items = itemsOf(value);
      return items.length === 0 ? call.inverse(this) : repeat(items, call, childFrame);
    },
  };
}

function itemsOf(value: unknown): [string | number, unknown][] {
  if (value === undefined || value === null || value === '' || value instanceof Missing) return [];
  if (typeof value !== 'object' || value instanceof Date) throw new RenderFailure('each needs a list');
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (size > RENDER_LIMITS.loopItems) throw new RenderFailure(`a list may have at most ${RENDER_LIMITS.loopItems} items`);
  return Array.isArray(value) ? value.map((item, i) => [i, item]) : Object.entries(value);
}

function repeat(items: [string | number, unknown][], call: BlockCall, childFrame: (frame: Frame) => object): string {
  let text = '';
  items.forEach(([key, item], index) => {
    call.data.render.budget.spend(1);
    const place = { key, index, first: index === 0, last: index === items.length - 1 };
    text += call.fn(item, { data: Object.assign(childFrame(call.data), place), blockParams: [item, key] });
    if (text.length > RENDER_LIMITS.output) throw new RenderFailure(`is longer than ${RENDER_LIMITS.output / 1024} KB`);
  });
  return text;
}
