import { jsonList } from './json-list.js';

it('holds one place for each text, an empty one for none', () => {
  expect(jsonList(['{"a":"x"}', null, '{}']).split('\x1f')).toEqual(['{"a":"x"}', '', '{}']);
});

it('cannot be split inside a text: JSON escapes every control character', () => {
  const text = JSON.stringify({ odd: 'before\x1fafter' });
  expect(jsonList([text, text]).split('\x1f')).toEqual([text, text]);
});
