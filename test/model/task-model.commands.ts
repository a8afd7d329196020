import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Finished, NewTask, QueueLimits } from '../../lib/task/task.broker.js';
import { TASK_STATES, type TaskState } from '../../lib/task/task.state.js';
import { acksOf, ends } from './task-model.acks.js';
import type { Actor } from './task-model.actor.js';
import type { Bench } from './task-model.bench.js';
import { beat, join, pass, step, tidy } from './task-model.deeds.js';
import { batch, events, id, ids, limits, NAMES, rooms, TIMES, type TaskPlan } from './task-model.plan.js';
import { isFinal } from './task-model.task.js';

/** What can be done to a queue, with everything chosen; who does it is chosen among those who can. */
class Command implements fc.AsyncCommand<Bench, Bench> {
  constructor(
    private readonly text: string,
    private readonly can: (bench: Bench) => boolean,
    private readonly act: (bench: Bench) => Promise<unknown>,
  ) {}

  check(bench: Readonly<Bench>): boolean {
    return this.can(bench as Bench);
  }

  async run(_: Bench, bench: Bench): Promise<void> {
    await this.act(bench);
    await bench.compareLists();
  }

  toString(): string {
    return this.text;
  }
}

const anybody = (): boolean => true;
const somebody = ({ present }: Bench): boolean => present.length > 0;
const who = fc.nat(2);
const pickOf = (actors: readonly Actor[], at: number): Actor => actors[at % actors.length]!;
const producer = ({ actors }: Bench, at: number): Actor => pickOf(actors, at);
const worker = ({ present }: Bench, at: number): Actor => pickOf(present, at);
const away = (bench: Bench): Actor[] => bench.actors.filter((actor) => !actor.isKilled && !actor.isPresent);
const text = (...parts: readonly unknown[]): string => parts.map((part) => JSON.stringify(part)).join(' ');

let envelopes = 0;

const adding = fc.tuple(who, batch).map(
  ([at, plans]) =>
    new Command(text('add', at, plans), anybody, async (bench) => {
      const { model } = bench;
      // One id is told of either as taken or as free again when another of the same call has dropped its task.
      const [first, ...rest] = plans;
      const chosen = [...(first ? [first] : []), ...rest.filter((plan) => !model.tasks.has(plan.id))];
      const tasks = chosen.map(({ name, ...plan }: TaskPlan): NewTask => ({
        ...plan,
        envelope: `1${name}\n\n\n${plan.id}, ${++envelopes}`,
      }));
      for (const task of tasks) bench.known.add(task.id);
      const { process, queue } = producer(bench, at);
      await bench.perform(
        text('add', tasks),
        () => queue.add(tasks),
        (added) => void expect({ added }).toEqual({ added: model.add(process.name, tasks) }),
      );
    }),
);

const joining = who.map(
  (at) =>
    new Command(
      text('join', at),
      (bench) => away(bench).length > 0,
      (bench) => join(bench, pickOf(away(bench), at)),
    ),
);

const joiningAgain = who.map(
  (at) => new Command(text('join again', at), somebody, (bench) => join(bench, worker(bench, at))),
);

const stepping = fc
  .tuple(who, ends, fc.integer({ min: 0, max: 4 }), fc.option(rooms, { nil: undefined, freq: 5 }))
  .map(
    ([at, wanted, slots, room]) =>
      new Command(text('step', at, wanted, slots, room), somebody, (bench) => {
        const actor = worker(bench, at);
        return step(bench, actor, acksOf(bench, actor, wanted), slots, room);
      }),
  );

const leaving = who.map(
  (at) =>
    new Command(text('leave', at), somebody, async (bench) => {
      const actor = worker(bench, at);
      const consumer = actor.consumer ?? '';
      actor.consumer = undefined;
      actor.lookAt = Number.POSITIVE_INFINITY;
      actor.hand.clear();
      bench.formerNames.push(consumer);
      await bench.perform(
        `${consumer} leaves`,
        () => actor.queue.leave(consumer),
        () => {
          const self = bench.model.consumers.get(consumer);
          return self && void bench.model.leave(self);
        },
      );
    }),
);

const killing = who.map(
  (at) =>
    new Command(text('kill', at), somebody, async (bench) => {
      const actor = worker(bench, at);
      actor.isKilled = true;
      bench.log.push(`${actor.consumer} is killed`);
    }),
);

const beating = who.map(
  (at) => new Command(text('beat', at), somebody, (bench) => beat(bench, worker(bench, at))),
);

const late = fc.tuple(who, fc.nat()).map(
  ([at, name]) =>
    new Command(
      text('late', at),
      ({ formerNames }) => formerNames.length > 0,
      async (bench) => {
        const { queue } = producer(bench, at);
        const former = bench.formerNames[name % bench.formerNames.length]!;
        await bench.perform(
          `${former} is late`,
          async () => [
            await queue.step(former, [], 3),
            await queue.beat(former, 'busy'),
            await queue.leave(former),
          ],
          (answers) => void expect(answers).toEqual(['lost', 'lost', undefined]),
        );
      },
    ),
);

const noting = fc.tuple(who, id, fc.constantFrom('progress' as const, 'log' as const)).map(
  ([at, about, kind]) =>
    new Command(text('note', at, about, kind), somebody, async (bench) => {
      const actor = worker(bench, at);
      const consumer = actor.consumer ?? '';
      await bench.perform(
        `${consumer} notes ${kind} of ${about}`,
        () => actor.queue.note(consumer, about, kind, `${kind}\nof ${about}`),
        (noted) => {
          const task = bench.model.tasks.get(about);
          expect({ noted }).toEqual({ noted: task?.state === 'active' && task.holder === consumer });
          if (!noted || !task) return undefined;
          if (kind === 'log') task.log = [...task.log, 'log', `of ${about}`];
          else bench.model.emit('progress', task, (task.progress = `progress\nof ${about}`));
          return undefined;
        },
      );
    }),
);

const awaiting = fc.tuple(who, id).map(
  ([at, about]) =>
    new Command(text('await', at, about), anybody, async (bench) => {
      const { process, queue } = producer(bench, at);
      const { model } = bench;
      await bench.perform(
        `${process.name} awaits ${about}`,
        () => queue.awaitOutcome(about),
        (answer, seen) => {
          bench.endWhatIsLate(seen);
          const task = seen.records.get(about) && model.tasks.get(about);
          expect({ answer }).toEqual({ answer: expected() });
          return undefined;

          function expected(): Finished | 'pending' | 'unknown' {
            const kept = model.results.get(about);
            const former = answer === 'unknown' ? undefined : model.formerResults.get(about);
            const known = kept ?? former;
            if (!task) return known === undefined ? 'unknown' : { state: 'completed', outcome: known };
            const { state, outcome } = task;
            if (isFinal(state)) return { state, outcome };
            model.waiters.set(about, (model.waiters.get(about) ?? new Set()).add(process.name));
            return 'pending';
          }
        },
      );
    }),
);

const tidying = fc
  .tuple(who, fc.subarray([...NAMES], { minLength: 1 }))
  .map(
    ([at, names]) =>
      new Command(text('tidy', at, names), somebody, (bench) => tidy(bench, worker(bench, at), names)),
  );

const removing = ids.map(
  (some) =>
    new Command(text('remove', some), anybody, (bench) =>
      bench.perform(
        `remove ${some.join(' ')}`,
        () => bench.queue.remove(some),
        (answers) =>
          void expect({ answers }).toEqual({ answers: some.map((one) => bench.model.remove(one)) }),
      ),
    ),
);

const cancelling = ids.map(
  (some) =>
    new Command(text('cancel', some), anybody, (bench) =>
      bench.perform(
        `cancel ${some.join(' ')}`,
        () => bench.queue.cancel(some),
        (answers, { records }) => {
          const expected = some.map((one, at) => {
            const answer = bench.model.cancel(one);
            // Its record may have made room for that of one before it.
            return answer === 'ended' && answers[at] === 'missing' && !records.get(one) ? 'missing' : answer;
          });
          expect({ answers }).toEqual({ answers: expected });
          return undefined;
        },
      ),
    ),
);

const promoting = ids.map(
  (some) =>
    new Command(text('promote', some), anybody, (bench) =>
      bench.perform(
        `promote ${some.join(' ')}`,
        () => bench.queue.promote(some),
        (answers) =>
          void expect({ answers }).toEqual({ answers: some.map((one) => bench.model.promote(one)) }),
      ),
    ),
);

const retrying = fc.tuple(ids, fc.constantFrom(0, 1_000)).map(
  ([some, everyMs]) =>
    new Command(text('retry', some, everyMs), anybody, (bench) =>
      bench.perform(
        `retry ${some.join(' ')} every ${everyMs}`,
        () => bench.queue.retry(some, everyMs),
        (answers) => {
          let dueAt = bench.model.now;
          const expected = some.map((one) => {
            const isRetried = bench.model.retry(one, dueAt);
            if (isRetried) dueAt += everyMs;
            return isRetried;
          });
          expect({ answers }).toEqual({ answers: expected });
          return undefined;
        },
      ),
    ),
);

const CLEANABLE = TASK_STATES.filter((state): state is Exclude<TaskState, 'active'> => state !== 'active');

const cleaning = fc.tuple(fc.constantFrom(...CLEANABLE), fc.constantFrom(0, 1_500)).map(
  ([state, olderThanMs]) =>
    new Command(text('clean', state, olderThanMs), anybody, (bench) =>
      bench.perform(
        `clean ${state} older than ${olderThanMs}`,
        () => bench.queue.clean(state, olderThanMs),
        (count) => {
          const { model } = bench;
          const rests = isFinal(state) || state === 'parked';
          const old = model.in(state).filter(({ at = 0 }) => !rests || at <= model.now - olderThanMs);
          for (const task of old) model.remove(task.id);
          expect({ count }).toEqual({ count: old.length });
          return undefined;
        },
      ),
    ),
);

const pausing = fc.tuple(fc.constantFrom(undefined, ...NAMES), fc.boolean()).map(
  ([name, isPaused]) =>
    new Command(text(isPaused ? 'pause' : 'resume', name), anybody, async (bench) => {
      const { model, queue } = bench;
      await bench.perform(
        `${isPaused ? 'pause' : 'resume'} ${name ?? 'all'}`,
        () => (isPaused ? queue.pause(name) : queue.resume(name)),
        () => {
          if (name === undefined) model.isPaused = isPaused;
          else if (isPaused) model.pausedNames.add(name);
          else model.pausedNames.delete(name);
          return undefined;
        },
      );
      expect(await queue.paused()).toEqual({
        queue: model.isPaused,
        names: expect.arrayContaining([...model.pausedNames]),
      });
    }),
);

const obliterating = fc.constant(
  new Command(text('obliterate'), anybody, (bench) =>
    bench.perform(
      'obliterate',
      () => bench.queue.obliterate(),
      () => void bench.model.obliterate(),
    ),
  ),
);

const subscribing = fc.tuple(who, events, events).map(
  ([at, pushed, stored]) =>
    new Command(text('subscribe', at, pushed, stored), anybody, async (bench) => {
      const { process, queue } = producer(bench, at);
      await bench.perform(
        `${process.name} subscribes to ${pushed.join(' ')}, stored ${stored.join(' ')}`,
        async () => {
          await queue.subscribe(pushed, stored);
          await bench.skipStored();
        },
        () => void bench.model.subscriptions.set(process.name, { pushed, stored }),
      );
    }),
);

const limiting = limits.map(
  (others: QueueLimits) =>
    new Command(
      text('limits', others),
      ({ spare }) => spare.length > 1,
      (bench) =>
        bench.perform(
          `limits are ${text(others)}`,
          () => bench.open(others),
          () => void bench.model.limit(others),
        ),
    ),
);

const passing = fc
  .tuple(fc.constantFrom(...TIMES), fc.boolean())
  .map(
    ([ms, isBeating]) =>
      new Command(text('pass', ms, isBeating), anybody, (bench) => pass(bench, ms, isBeating)),
  );

/** Nobody looks, beats or is told anything in time: the machine stood still, or Redis was away. */
const stalling = fc.constantFrom(...TIMES).map(
  (ms) =>
    new Command(text('stall', ms), anybody, async (bench) => {
      bench.log.push(`${ms} ms pass unnoticed`);
      bench.isSettled &&= ms === 0;
      await bench.engine.advance(ms);
    }),
);

const often = <T>(times: number, command: fc.Arbitrary<T>): fc.Arbitrary<T>[] =>
  Array<fc.Arbitrary<T>>(times).fill(command);

export const COMMANDS: fc.Arbitrary<Command>[] = [
  ...often(9, adding),
  ...often(10, stepping),
  ...often(6, passing),
  ...often(3, joining),
  ...often(2, cancelling),
  ...often(2, retrying),
  ...often(2, pausing),
  ...often(2, awaiting),
  ...often(2, subscribing),
  ...[
    joiningAgain,
    leaving,
    killing,
    beating,
    late,
    noting,
    tidying,
    removing,
    promoting,
    cleaning,
    stalling,
  ],
  limiting,
  fc.oneof({ weight: 5, arbitrary: adding }, { weight: 1, arbitrary: obliterating }),
];
