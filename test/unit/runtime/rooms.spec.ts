import { describe, expect, it } from '@jest/globals';
import type { Rooms, Step } from '../../../lib/task/task.broker.js';
import { Deferred } from '../../support/deferred.js';
import { Bench, task } from './bench.js';
import { NOTHING, turns } from './scripted-broker.js';

/** What a step offers room for. */
const offers = (bench: Bench): string[] => bench.news().flatMap((call) => / of (.*)$/.exec(call)?.[1] ?? []);

async function asked(bench: Bench): Promise<string[]> {
  bench.consumer.kick();
  await turns();
  return offers(bench);
}

/** An engine with as many tasks of each name as the test says, that gives what there is room for. */
function stocked(bench: Bench, stock: Record<string, number>): void {
  let next = 0;
  bench.broker.onStep = async (_consumer, _acks, _slots, rooms = { shared: 0, names: [] }): Promise<Step> => {
    const tasks = [];
    const free = new Map(rooms.names.map(({ name, free: of }) => [name, of]));
    let { shared } = rooms;
    for (const name of Object.keys(stock)) {
      const apart = rooms.names.find((room) => room.name === name)?.apart === true;
      while ((stock[name] ?? 0) > 0 && (free.get(name) ?? 1) > 0 && (apart || shared > 0)) {
        stock[name] = (stock[name] ?? 0) - 1;
        if (free.has(name)) free.set(name, (free.get(name) ?? 0) - 1);
        if (!apart) shared--;
        tasks.push(task(`${name}${next++}`, name));
      }
    }
    return { tasks, nextMs: undefined };
  };
}

describe('a consumer of plain handlers', () => {
  it('says nothing of rooms', async () => {
    const rooms: (Rooms | undefined)[] = [];
    const bench = new Bench();
    bench.broker.onStep = async (_consumer, _acks, _slots, of) => {
      rooms.push(of);
      return NOTHING;
    };
    await bench.start();
    expect(rooms).toEqual([undefined]);
  });
});

describe('a name with a concurrency of its own', () => {
  it('has room for that many, within the slots that all share', async () => {
    const bench = await new Bench(5, { few: { concurrency: 2 } }).start();
    expect(offers(bench)).toEqual(['5: few 2']);
    bench.broker.claims([task('a', 'few'), task('b', 'run')]);
    expect(await asked(bench)).toEqual(['5: few 2']);
    expect(await asked(bench)).toEqual(['3: few 1']);
    bench.broker.claims([task('c', 'few')]);
    await asked(bench);
    expect(await asked(bench)).toEqual(['2: few 0']);
    await bench.end('a');
    expect(offers(bench)).toEqual(['3: few 1']);
  });

  it('never runs more, whatever it is given', async () => {
    const handler = { concurrency: 2 };
    const bench = new Bench(5, { few: handler });
    bench.broker.claims(['a', 'b', 'c'].map((id) => task(id, 'few')));
    await bench.start();
    expect(bench.ran).toEqual(['a', 'b']);
    await bench.end('a');
    expect(bench.ran).toEqual(['a', 'b', 'c']);
  });

  it('does not run more than there are slots either, whatever it is given', async () => {
    const bench = new Bench(2, { few: { concurrency: 2 } });
    bench.broker.claims(['a', 'b', 'c'].map((id) => task(id)));
    await bench.start();
    expect(bench.ran).toEqual(['a', 'b']);
    await bench.end('b');
    expect(bench.ran).toEqual(['a', 'b', 'c']);
  });

  it('lets the event loop turn between handlers that compute for long', async () => {
    const bench = new Bench(5, { few: { concurrency: 2 } });
    const seen: string[] = [];
    bench.begun = (id) => {
      bench.clock.jump(500);
      seen.push(id);
      setImmediate(() => seen.push('turn'));
    };
    await bench.start('a', 'b', 'c');
    expect(seen).toEqual(['a', 'turn', 'b', 'turn', 'c', 'turn']);
  });

  it('gives back what waits for its turn when it drains', async () => {
    const bench = new Bench(5, { few: { concurrency: 1 } });
    bench.broker.claims(['a', 'b'].map((id) => task(id, 'few')));
    await bench.start();
    bench.news();
    void bench.consumer.drain(new AbortController().signal);
    await turns();
    expect(bench.news()).toEqual(['join c1 [a]', 'step c2 [] 0']);
    await bench.end('a');
    expect(bench.ran).toEqual(['a']);
  });

  it('frees its slot when a task is cancelled, though its handler goes on', async () => {
    const bench = new Bench(5, { few: { concurrency: 1 } });
    bench.broker.claims([task('a', 'few')]);
    await bench.start();
    bench.news();
    bench.broker.push({ kind: 'cancel', consumer: 'c1', id: 'a' });
    await turns();
    expect(offers(bench).at(-1)).toBe('5: few 1');
  });

  it('frees its slot when a task is given to another worker', async () => {
    const bench = new Bench(5, { few: { concurrency: 1 } });
    bench.broker.claims([task('a', 'few')]);
    await bench.start();
    bench.broker.onJoin = async () => ({ consumer: 'c2', kept: [] });
    bench.broker.gap();
    await turns();
    expect(offers(bench).at(-1)).toBe('5: few 1');
  });
});

describe('a name that is gathered for', () => {
  const batch = { batch: { size: 4, waitMs: 100 } };

  it('has a slot of its own, and room for what is missing', async () => {
    const bench = await new Bench(3, { sum: batch }).start();
    expect(offers(bench)).toEqual(['2: sum 4 apart']);
    bench.broker.claims([task('a', 'sum')]);
    await asked(bench);
    expect(await asked(bench)).toEqual(['2: sum 3 apart']);
  });

  it('has room again at once when a batch is full and a slot is free', async () => {
    const bench = new Bench(3, { sum: batch });
    stocked(bench, { sum: 13 });
    await bench.start();
    expect(offers(bench)).toEqual([
      '2: sum 4 apart',
      '1: sum 4 apart',
      // One slot is left, and somebody else may want it: they take turns.
      expect.any(String),
      expect.any(String),
    ]);
    expect(bench.ran).toHaveLength(3);
    await bench.clock.advance(100);
    expect(bench.ran).toHaveLength(3);
    await bench.end(bench.ran[0] ?? '');
    await bench.clock.advance(100);
    expect(bench.ran).toHaveLength(4);
  });

  it('has no room while no slot is free to run it', async () => {
    const bench = new Bench(2, { sum: batch });
    await bench.start();
    bench.broker.claims([task('a', 'run'), task('b', 'run')]);
    await asked(bench);
    expect(await asked(bench)).toEqual(['0: sum 0 apart']);
  });

  it('tells the engine when its time is over that there is no room now', async () => {
    const bench = new Bench(1, { sum: batch, run: batch });
    bench.broker.claims([task('a', 'sum')]);
    await bench.start();
    bench.news();
    await bench.clock.advance(100);
    await turns();
    expect(offers(bench)).toEqual(['0: run 0 apart, sum 0 apart']);
  });

  it('may be limited, too', async () => {
    const bench = new Bench(5, { sum: { ...batch, concurrency: 1 } });
    stocked(bench, { sum: 6 });
    await bench.start();
    expect(bench.ran).toHaveLength(1);
    expect((await asked(bench)).at(-1)).toBe('4: sum 0 apart');
  });
});

describe('a consumer whose handlers want more slots than are free', () => {
  const batch = { batch: { size: 4, waitMs: 100 } };

  it('offers them by turns, each once, until something comes of it', async () => {
    const bench = await new Bench(1, { sum: batch, max: batch }).start();
    expect(offers(bench).sort()).toEqual([
      '0: sum 0 apart, max 4 apart',
      '0: sum 4 apart, max 0 apart',
      '1: sum 0 apart, max 0 apart',
    ]);
    expect(offers(bench)).toEqual([]);
  });

  it('serves all of them in the long run, one call at a time', async () => {
    const stock = { run: 4, sum: 16, max: 16 };
    const bench = new Bench(1, { sum: batch, max: batch });
    stocked(bench, stock);
    await bench.start();
    const order: string[] = [];
    for (let i = 0; i < 12; i++) {
      expect(bench.ran).toHaveLength(i + 1);
      const id = bench.ran[i] ?? '';
      order.push(id.slice(0, 3));
      await bench.end(id);
    }
    expect(stock).toEqual({ run: 0, sum: 0, max: 0 });
    // None waits until another one has been served in full.
    expect(new Set(order.slice(0, 3)).size).toBe(3);
    expect(bench.consumer.busy).toBe(false);
  });

  it('calls no more once it drains', async () => {
    const bench = await new Bench(1, { sum: batch, max: batch }).start();
    bench.news();
    const answer = new Deferred<Step>();
    bench.broker.onStep = () => answer.promise;
    bench.consumer.kick();
    await turns();
    bench.broker.onStep = async () => NOTHING;
    const drained = bench.consumer.drain(new AbortController().signal);
    answer.resolve(NOTHING);
    await drained;
    expect(bench.news()).toHaveLength(1);
  });
});

describe('what can not be acknowledged yet', () => {
  it('does not pile up: nothing is claimed before', async () => {
    const bench = new Bench(2_000, { few: { concurrency: 5 } });
    const ids = Array.from({ length: 1_500 }, (_, i) => `t${i}`);
    bench.broker.claims(ids.map((id) => task(id)));
    await bench.start();
    bench.news();
    await bench.end(...ids);
    expect(bench.broker.acks.map((acks) => acks.length).filter((length) => length > 0)).toEqual([1_000, 500]);
    const [first, second] = bench.news();
    expect(first).toMatch(/\] 0$/);
    expect(second).toMatch(/ of 2000: few 5$/);
  });
});
