import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Finished, NewTask, QueueLimits } from '../../lib/task/task.broker.js';
import { TASK_STATES, type TaskState } from '../../lib/task/task.state.js';
import { anybody, Command, producer, text, who } from './task-model.command.js';
import { batch, events, id, ids, limits, NAMES, type TaskPlan } from './task-model.plan.js';
import { isFinal } from './task-model.task.js';

let envelopes = 0;

export const adding = fc.tuple(who, batch).map(
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

export const awaiting = fc.tuple(who, id).map(
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

export const removing = ids.map(
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

export const cancelling = ids.map(
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

export const promoting = ids.map(
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

/** From when a debounced one is postponed at most that begins anew is not said: none does. */
export const retrying = fc.tuple(ids, fc.constantFrom(0, 1_000)).map(
  ([wanted, everyMs]) =>
    new Command(text('retry', wanted, everyMs), anybody, (bench) => {
      const some = wanted.filter((one) => bench.model.tasks.get(one)?.unique?.mode !== 'debounce');
      return bench.perform(
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
      );
    }),
);

const CLEANABLE = TASK_STATES.filter((state): state is Exclude<TaskState, 'active'> => state !== 'active');

export const cleaning = fc.tuple(fc.constantFrom(...CLEANABLE), fc.constantFrom(0, 1_500)).map(
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

export const pausing = fc.tuple(fc.constantFrom(undefined, ...NAMES), fc.boolean()).map(
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

export const obliterating = fc.constant(
  new Command(text('obliterate'), anybody, (bench) =>
    bench.perform(
      'obliterate',
      () => bench.queue.obliterate(),
      () => void bench.model.obliterate(),
    ),
  ),
);

export const subscribing = fc.tuple(who, events, events).map(
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

export const limiting = limits.map(
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
