import { AsyncLocalStorage } from 'node:async_hooks';
import { ApiDatabase, GroupCommit, WorkerDatabase, onceCommitted } from '../../src/platform/database/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Runs as another request would: in no unit of work. */
const outside = AsyncLocalStorage.snapshot();

describe('a unit of work', () => {
  let database: TestDatabase;
  let api: ApiDatabase;
  let worker: WorkerDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    [api, worker] = [new ApiDatabase(database.url), new WorkerDatabase(database.url)];
    await api.raw('create table notes (text text primary key)');
  });
  beforeEach(() => api.raw('truncate notes'));
  afterAll(async () => {
    await api?.close();
    await worker?.close();
    await database?.drop();
  });

  const note = (on: Pick<ApiDatabase, 'raw'>, text: string): Promise<unknown> => on.raw('insert into notes values ($1)', [text]);
  const notes = async (on: Pick<ApiDatabase, 'raw'> = api): Promise<string[]> => (await on.raw<{ text: string }>('select text from notes order by 1')).map((row) => row.text);

  it('is one transaction of all that runs in it, whichever pool was asked', async () => {
    await expect(api.unitOfWork((unit) => unit.run(async () => {
      await note(api, 'statement');
      await worker.transaction((tx) => note(tx, 'transaction of another pool'));
      throw new Error('the end');
    }))).rejects.toThrow('the end');
    expect(await notes()).toEqual([]);
    await api.unitOfWork((unit) => unit.run(() => worker.transaction((tx) => note(tx, 'kept'))));
    expect(await notes()).toEqual(['kept']);
  });

  it('goes on after a statement or a part that failed', async () => {
    await api.unitOfWork((unit) => unit.run(async () => {
      await note(api, 'a');
      await expect(note(api, 'a')).rejects.toMatchObject({ code: '23505' });
      await expect(api.transaction(async (tx) => {
        await note(tx, 'b');
        await note(tx, 'a');
      })).rejects.toMatchObject({ code: '23505' });
      await note(api, 'c');
    }));
    expect(await notes()).toEqual(['a', 'c']);
  });

  it('gives parts that are begun at once their turns, and what a part asks a pool for is the part’s', async () => {
    await api.unitOfWork((unit) => unit.run(() => Promise.all([
      api.transaction(async (tx) => {
        await note(tx, 'a');
        expect(await notes(worker)).toEqual(['a']);
        throw new Error('undone');
      }).catch(() => undefined),
      api.transaction((tx) => note(tx, 'b')),
      note(api, 'c'),
    ])));
    expect(await notes()).toEqual(['b', 'c']);
  });

  it('begins anew as a whole after a conflict', async () => {
    let rounds = 0;
    await api.unitOfWork((unit) => unit.run(async () => {
      await note(api, `round ${++rounds}`);
      await api.transaction(async () => {
        if (rounds === 1) throw Object.assign(new Error('conflict'), { code: '40001' });
      });
    }));
    expect(await notes()).toEqual(['round 2']);
  });

  it('gives a pool without a time-out its long statements, and takes them back', async () => {
    const timeouts = await api.unitOfWork((unit) => unit.run(async () => {
      const of = async (on: Pick<ApiDatabase, 'raw'>): Promise<string> => (await on.raw<{ statement_timeout: string }>('show statement_timeout'))[0]!.statement_timeout;
      return [await of(api), await worker.transaction(of), await of(api)];
    }));
    expect(timeouts).toEqual(['30s', '0', '30s']);
  });

  it('holds hints back until they can be followed, drops them with the work, and lets go of whatever outlives it', async () => {
    const heard: Promise<string[]>[] = [];
    const ring = (): void => onceCommitted(() => void heard.push(notes()));
    let unitIsOver: () => void;
    const over = new Promise<void>((resolve) => (unitIsOver = resolve));
    let late: Promise<unknown> = Promise.resolve();
    await expect(api.unitOfWork((unit) => unit.run(async () => {
      ring();
      throw new Error('undone');
    }))).rejects.toThrow('undone');
    await api.unitOfWork((unit) => unit.run(async () => {
      ring();
      await note(api, 'seen');
      late = over.then(() => note(api, 'late'));
    }));
    expect(await Promise.all(heard)).toEqual([['seen']]);
    unitIsOver!();
    await late;
    expect(await notes()).toEqual(['late', 'seen']);
  });

  it('takes along only its own of what is written together with others: theirs outlives it, its own does not', async () => {
    const group = new GroupCommit<string, string>((texts) => api.transaction(async (tx) => {
      for (const text of texts) await note(tx, text);
      return [...texts];
    }));
    let others: Promise<string[]>;
    const unit = api.unitOfWork((u) => u.run(async () => {
      const own = group.addAll(['own 1', 'own 2']);
      others = outside(() => group.addAll(['other 1', 'other 2']));
      expect(await Promise.all([own, others])).toEqual([['own 1', 'own 2'], ['other 1', 'other 2']]);
      throw new Error('undone');
    }));
    await expect(unit).rejects.toThrow('undone');
    expect(await notes()).toEqual(['other 1', 'other 2']);
  });
});
