import { GroupCommit } from './group-commit.js';

const refused = (): Error => Object.assign(new Error('a row is wrong'), { code: '22003' });

/** A store that remembers its batches and refuses any that holds one of `bad`. */
function store(bad: readonly number[] = [], fault: () => Error = refused) {
  const batches: number[][] = [];
  const group = new GroupCommit<number, number>(async (items) => {
    batches.push([...items]);
    await new Promise((done) => setImmediate(done));
    if (items.some((item) => bad.includes(item))) throw fault();
    return items.map((item) => item * 10);
  }, 8);
  return { batches, group };
}

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

it('writes together what comes together, at most so many at once, and answers each its own', async () => {
  const { batches, group } = store();
  expect(await Promise.all(numbers(20).map((n) => group.add(n)))).toEqual(numbers(20).map((n) => n * 10));
  expect(batches.map((batch) => batch.length)).toEqual([8, 8, 4]);
  expect(await group.add(7)).toBe(70);
});

it('a refused row fails alone', async () => {
  const { batches, group } = store([3, 12]);
  const results = await Promise.allSettled(numbers(16).map((n) => group.add(n)));
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual(numbers(16).map((n) => n !== 3 && n !== 12));
  expect(batches.length).toBeLessThan(16);
});

it.each([
  ['a lost connection', () => Object.assign(new Error('gone'), { code: '57P01' })],
  ['a full disk', () => Object.assign(new Error('no space'), { code: '53100' })],
  ['a fault of our own', () => new TypeError('oops')],
])('%s is not tried again row by row: everybody of the batch is told, the next batch is written', async (_, fault) => {
  const { batches, group } = store([3], fault);
  const results = await Promise.allSettled(numbers(10).map((n) => group.add(n)));
  expect(results.map(({ status }) => status)).toEqual(numbers(10).map((n) => (n < 8 ? 'rejected' : 'fulfilled')));
  expect(batches).toHaveLength(2);
});
