import { ThreadPool } from '../platform/threads/index.js';
import { LocaleRenderer, type RenderThreads } from './locale-renderer.js';
import type { LocaleRequest, LocaleSource } from './locale-rendering.js';
import { renderMessage } from './render-tasks.js';
import type * as tasks from './render-tasks.js';
import { RenderTurns } from './render-turns.js';

const TRIPLE = 'x{{#each user.attributes.list}}{{#each @root.user.attributes.list}}{{#each @root.user.attributes.list}}{{#if this}}{{/if}}{{/each}}{{/each}}{{/each}}';
const source = (title: string): LocaleSource => ({ channel: 'push', name: 'en', content: { title, body: 'b' } });
/** A list of n makes n³ steps: 5 are little, 20 too much for the event loop, 100 too much for anybody. */
const request = (n: number): LocaleRequest => ({
  locale: 'en', state: { locale: 'en', zone: 'UTC', currency: 'EUR' },
  context: { user: { userId: 'u', attributes: { list: Array.from({ length: n }, () => 1) } }, campaign: { id: '1', name: 'c' } },
});
const still = { monotonic: () => 0 };

describe('a message that takes much to render', () => {
  const pool = new ThreadPool<typeof tasks>(new URL('./render-tasks.js', import.meta.url), { threads: 1, memoryMb: 64, timeMs: 60_000 });
  afterAll(() => pool.close());
  const renderer = (title: string, threads: RenderThreads = pool): LocaleRenderer => new LocaleRenderer(title, source(title), new RenderTurns(still), threads, () => undefined);

  /** Who is done first: fifty people with lists that take work, or the one after them whose message is simple. */
  async function race(threads: RenderThreads): Promise<string[]> {
    const done: string[] = [];
    const heavy = renderer(TRIPLE, threads);
    const crowd = Array.from({ length: 50 }, () => (async () => done.push((await heavy.render(request(20))).ok ? 'heavy' : 'failed'))());
    const simple = (async () => {
      await renderer('Hello {{user.userId}}', threads).render(request(0));
      done.push('simple');
    })();
    await Promise.all([...crowd, simple]);
    return done;
  }

  it('holds up nobody else', async () => {
    const done = await race(pool);
    expect(done[0]).toBe('simple');
    expect(done.filter((who) => who === 'heavy')).toHaveLength(50);
  });

  it('would, if it were rendered on the event loop', async () => {
    const inline = { run: async (_: string, [key, from, what]: Parameters<typeof renderMessage>) => renderMessage(key, from, what) } as unknown as RenderThreads;
    expect((await race(inline))[0]).toBe('heavy');
  });

  it('is not rendered for the person whose data ask for too much, and is for the next one', async () => {
    const heavy = renderer(TRIPLE);
    const [hostile, next] = await Promise.all([heavy.render(request(100)), heavy.render(request(5))]);
    expect(hostile).toEqual({ ok: false, failures: [{ path: 'content.en.title', message: 'takes too much work to render (nested loops?)' }] });
    expect(next).toMatchObject({ ok: true, content: { title: 'x', body: 'b' } });
  });

  it('is given up with its thread where the count of work has not ended it, and the next one gets another thread', async () => {
    let timeMs = 1;
    const hasty: RenderThreads = { run: (task, args) => pool.run(task, args, { timeMs }) };
    const heavy = renderer(TRIPLE, hasty);
    // 17,000 steps, compiled anew: more than a millisecond on any machine.
    expect(await renderer(`${TRIPLE}!`, hasty).render(request(20))).toMatchObject({ ok: false, failures: [{ message: 'takes too long to render' }] });
    timeMs = 60_000;
    expect(await heavy.render(request(20))).toMatchObject({ ok: true });
  });

  it('goes to the thread straight away once a template has shown that it is heavy; a single person does not make it so', async () => {
    const sent: string[] = [];
    const counting: RenderThreads = { run: async (task, args, options) => (sent.push(args[0]), pool.run(task, args, options)) };
    const heavy = renderer(TRIPLE, counting);
    await heavy.render(request(20));
    await heavy.render(request(5));
    expect(sent).toHaveLength(1);
    for (let i = 0; i < 10; i++) await heavy.render(request(20));
    expect(sent).toHaveLength(11);
    await heavy.render(request(5));
    expect(sent).toHaveLength(12);
  });
});

describe('rendering in turns', () => {
  it('lets the event loop go on after eight milliseconds, whoever waits', async () => {
    let ms = 0;
    const turns = new RenderTurns({ monotonic: () => ms });
    const log: string[] = [];
    const others = setInterval(() => undefined, 1);
    const tick = (): void => void (log.push('loop'), log.filter((entry) => entry === 'render').length < 10 && setImmediate(tick));
    setImmediate(tick);
    await Promise.all(Array.from({ length: 10 }, async () => {
      await turns.run(() => {
        ms += 5;
        log.push('render');
      });
    }));
    clearInterval(others);
    const longest = Math.max(...log.join(' ').split('loop').map((part) => part.trim().split(' ').filter(Boolean).length));
    expect(longest).toBe(2);
  });
});
