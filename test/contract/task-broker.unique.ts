import { expect, it } from '@jest/globals';
import type { Added, NewTask, Unique } from '../../lib/task/task.broker.js';
import { replacedOutcome } from '../../lib/task/task.outcome.js';
import {
  ADDED,
  completed,
  exists,
  inPlaceOf,
  one,
  parked,
  retried,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';

const TTL = 10_000;

type Mode = Unique['mode'];

const KEYS: Readonly<Record<Mode, Unique>> = {
  reject: { key: 'k', mode: 'reject' },
  throttle: { key: 'k', mode: 'throttle', ttlMs: TTL },
  replace: { key: 'k', mode: 'replace' },
  debounce: { key: 'k', mode: 'debounce', ttlMs: TTL },
  keepLast: { key: 'k', mode: 'keepLast' },
};

export const keyed = (id: string, mode: Mode, more: Partial<Unique> & Pick<NewTask, 'due'> = {}): NewTask => {
  const { due, ...unique } = more;
  return one(id, { unique: { ...KEYS[mode], ...unique }, ...(due && { due }) });
};

/** How the holder gets to where it is when the next one with its key arrives. */
const HOLDERS = {
  waiting: async (worker: TestWorker) => void (await worker.step(0)),
  delayed: async (worker: TestWorker) => {
    await worker.claim(1);
    await worker.step(0, { ...retried('holder', 60_000), tries: 0 });
  },
  'between attempts': async (worker: TestWorker) => {
    await worker.claim(1);
    await worker.step(0, retried('holder', 60_000, 1));
  },
  parked: async (worker: TestWorker) => {
    await worker.claim(1);
    await worker.step(0, parked('holder'));
  },
  active: async (worker: TestWorker) => void (await worker.claim(1)),
  ended: async (worker: TestWorker) => {
    await worker.claim(1);
    await worker.step(0, completed('holder'));
  },
} as const;

type HolderState = keyof typeof HOLDERS;

const replacing: Added = inPlaceOf('holder');
const refusing: Added = exists('holder');

/** What becomes of another task with the key, by mode and by what became of its holder. */
const ANSWERS: Readonly<Record<Mode, Readonly<Record<HolderState, Added>>>> = {
  reject: {
    waiting: refusing,
    delayed: refusing,
    'between attempts': refusing,
    parked: refusing,
    active: refusing,
    ended: ADDED,
  },
  throttle: {
    waiting: refusing,
    delayed: refusing,
    'between attempts': refusing,
    parked: refusing,
    active: refusing,
    ended: refusing,
  },
  replace: {
    waiting: replacing,
    delayed: replacing,
    'between attempts': replacing,
    parked: replacing,
    active: refusing,
    ended: ADDED,
  },
  debounce: {
    waiting: replacing,
    delayed: replacing,
    'between attempts': replacing,
    parked: replacing,
    active: ADDED,
    ended: ADDED,
  },
  keepLast: {
    waiting: replacing,
    delayed: replacing,
    'between attempts': replacing,
    parked: replacing,
    active: ADDED,
    ended: ADDED,
  },
};

/** Where the new one is afterwards, when it was added. */
const placeOf = (mode: Mode, holder: HolderState): string => {
  if (mode === 'debounce') return 'delayed';
  return mode === 'keepLast' && holder === 'active' ? 'blocked' : 'waiting';
};

export function uniqueCases(fleet: () => Fleet): void {
  for (const mode of Object.keys(KEYS) as Mode[]) {
    for (const [state, bring] of Object.entries(HOLDERS) as [HolderState, (typeof HOLDERS)[HolderState]][]) {
      const answer = ANSWERS[mode][state];
      const what = answer === refusing ? 'refuses' : answer === replacing ? 'replaces by' : 'takes';
      it(`${mode} ${what} another one when the holder is ${state}`, async () => {
        const worker = await fleet().worker();
        await worker.queue.add([keyed('holder', mode)]);
        if (mode === 'debounce') await worker.queue.promote(['holder']);
        await bring(worker);
        const [before] = await worker.queue.read(['holder']);
        await worker.queue.awaitOutcome('holder');

        expect(await worker.queue.add([keyed('next', mode)])).toEqual([answer]);

        const [holder, next] = await worker.queue.read(['holder', 'next']);
        if (answer === replacing) {
          expect(holder).toMatchObject({ state: 'cancelled', outcome: replacedOutcome('next') });
          expect(await worker.told()).toEqual([
            { id: 'holder', state: 'cancelled', outcome: replacedOutcome('next') },
          ]);
        } else {
          expect(holder).toEqual(before);
        }
        expect(next?.state).toBe(answer === refusing ? undefined : placeOf(mode, state));
      });
    }
  }

  it('keeps different keys, tasks without one, and queues apart', async () => {
    const worker = await fleet().worker();
    const other = await fleet().worker({ name: 'other' });
    await worker.queue.add([keyed('a', 'reject')]);

    expect(await worker.queue.add([keyed('b', 'reject', { key: 'other' }), ...tasks('c')])).toEqual([
      ADDED,
      ADDED,
    ]);
    expect(await other.queue.add([keyed('d', 'reject')])).toEqual([ADDED]);
  });

  it('tells the key of a task', async () => {
    const { queue } = await fleet().producer();
    const keys = ['k', 'two\nlines', '{x}', 'Grüße', ' '];
    await queue.add(keys.map((key, at) => keyed(`t${at}`, 'reject', { key })));
    await queue.add(tasks('plain'));

    const records = await queue.read([...keys.map((_, at) => `t${at}`), 'plain']);

    expect(records.map((record) => record?.uniqueKey)).toEqual([...keys, undefined]);
  });

  it('lets an id that is taken win over a key, in every mode', async () => {
    const { queue } = await fleet().producer();
    await queue.add([keyed('holder', 'reject'), ...tasks('a')]);

    for (const mode of Object.keys(KEYS) as Mode[]) {
      expect(await queue.add([keyed('a', mode), keyed('holder', mode)])).toEqual([
        exists('a'),
        exists('holder'),
      ]);
    }

    expect(await queue.list('waiting', 0, -1)).toEqual(['holder', 'a']);
  });

  it('has those of one call see each other, in order', async () => {
    const worker = await fleet().worker();

    expect(
      await worker.queue.add([
        keyed('a', 'reject'),
        keyed('b', 'reject'),
        keyed('c', 'replace'),
        keyed('d', 'replace'),
      ]),
    ).toEqual([ADDED, exists('a'), inPlaceOf('a'), inPlaceOf('c')]);

    expect(await fleet().places()).toEqual({ waiting: ['d'], cancelled: ['a', 'c'] });
    expect(await worker.claim(9)).toEqual(['d']);
  });

  it('frees the key in whatever way the holder ends', async () => {
    const ends: Readonly<Record<string, (worker: TestWorker) => Promise<unknown>>> = {
      completed: async (worker) => worker.step(0, completed('holder')),
      'completed, kept nowhere': async (worker) =>
        worker.step(0, { ...completed('holder'), to: 'completed', keepMs: 0 }),
      dead: async (worker) => worker.step(0, { ...retried('holder'), to: 'dead' }),
      cancelled: async (worker) => {
        await worker.queue.cancel(['holder']);
        return worker.queue.leave(worker.consumer);
      },
      removed: async (worker) => {
        await worker.queue.leave(worker.consumer);
        return worker.queue.remove(['holder']);
      },
      cleaned: async (worker) => {
        await worker.queue.leave(worker.consumer);
        return worker.queue.clean('waiting', 0);
      },
      obliterated: async (worker) => worker.queue.obliterate(),
    };
    for (const [name, end] of Object.entries(ends)) {
      for (const mode of ['reject', 'replace', 'keepLast'] as const) {
        const worker = await fleet().worker({ name: `${name} ${mode}` });
        await worker.queue.add([keyed('holder', mode)]);
        await worker.claim(1);

        await end(worker);

        expect([name, mode, await worker.queue.add([keyed('next', mode)])]).toEqual([name, mode, [ADDED]]);
      }
    }
  });

  it('frees the key of one that expires', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([{ ...keyed('a', 'reject'), expiresInMs: 100 }]);
    await fleet().advance(100);
    await worker.step(0);

    expect(await worker.queue.add([keyed('b', 'reject')])).toEqual([ADDED]);
  });

  it('does not free a key that another one has taken over', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('a', 'reject', { ttlMs: 100 })]);
    expect(await worker.claim(1)).toEqual(['a']);
    await fleet().advance(100);
    expect(await worker.queue.add([keyed('b', 'reject')])).toEqual([ADDED]);

    await worker.step(0, completed('a'));

    expect(await worker.queue.add([keyed('c', 'reject')])).toEqual([exists('b')]);
  });

  it('frees the key after its time though the holder has not ended', async () => {
    for (const mode of ['reject', 'replace', 'keepLast'] as const) {
      const worker = await fleet().worker({ name: mode });
      await worker.queue.add([keyed('a', mode, { ttlMs: 1_000 })]);
      await worker.claim(1);
      await fleet().advance(999);
      const [early] = await worker.queue.add([keyed('b', mode, { ttlMs: 1_000 })]);
      expect([mode, early]).toEqual([mode, mode === 'keepLast' ? ADDED : exists('a')]);
      await fleet().advance(1);

      expect([mode, await worker.queue.add([keyed('c', mode)])]).toEqual([mode, [ADDED]]);
      expect([mode, (await worker.states('c'))[0]]).toEqual([mode, 'waiting']);
    }
  });

  it('frees the key when its holder ends before its time', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('a', 'reject', { ttlMs: 60_000 })]);
    await worker.claim(1);
    await worker.step(0, completed('a'));

    expect(await worker.queue.add([keyed('b', 'reject', { ttlMs: 60_000 })])).toEqual([ADDED]);
  });

  it('gives the key a new time with each holder', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('a', 'reject', { ttlMs: 1_000 })]);
    await worker.claim(1);
    await fleet().advance(900);
    await worker.step(0, completed('a'));
    await worker.queue.add([keyed('b', 'reject', { ttlMs: 1_000 })]);
    await fleet().advance(999);

    expect(await worker.queue.add([keyed('c', 'reject')])).toEqual([exists('b')]);
    await fleet().advance(1);
    expect(await worker.queue.add([keyed('d', 'reject')])).toEqual([ADDED]);
  });

  it('throttles: one in its time, whatever has become of that one', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('a', 'throttle')]);
    await worker.claim(1);
    await worker.step(0, completed('a'));
    await fleet().advance(TTL - 1);
    expect(await worker.queue.add([keyed('b', 'throttle')])).toEqual([exists('a')]);
    await fleet().advance(1);

    expect(await worker.queue.add([keyed('c', 'throttle')])).toEqual([ADDED]);
    expect(await worker.queue.add([keyed('d', 'throttle')])).toEqual([exists('c')]);
  });

  it('throttles though nothing is kept of the one that had its turn', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('a', 'throttle')]);
    await worker.claim(1);
    await worker.step(0, { ...completed('a'), to: 'completed', keepMs: 0 });

    expect(await worker.queue.add([keyed('b', 'throttle')])).toEqual([exists('a')]);
    await fleet().advance(TTL);
    expect(await worker.queue.add([keyed('c', 'throttle')])).toEqual([ADDED]);
  });
}
