import { describe, expect, it } from '@jest/globals';
import { EmbeddedQueue } from '../../../lib/engines/embedded/embedded-queue.js';
import type { Ack, NewTask, Push, QueueLimits, Rooms } from '../../../lib/task/task.broker.js';
import { SETTINGS } from '../../contract/task-broker.fleet.js';
import { ManualClock } from '../../support/manual-clock.js';

/** A queue, and two consumers that can take different names. */
class Pair {
  readonly clock = new ManualClock();
  readonly pushes: (readonly [process: string, push: Push])[] = [];
  readonly queue: EmbeddedQueue;
  private readonly names = new Map<string, string>();

  constructor(limits: QueueLimits = {}) {
    const settings = { ...SETTINGS, limits };
    this.queue = new EmbeddedQueue(settings, this.clock, {
      push: (...push) => this.pushes.push(push),
      room: () => undefined,
      event: () => undefined,
    });
    this.queue.open(settings);
    for (const process of ['ann', 'bob']) this.names.set(process, this.queue.join(process).consumer);
  }

  /** With room for one of each of these names; returns the ids that it gets. */
  step(process: string, names: readonly string[], ...acks: readonly Ack[]): readonly string[] {
    const rooms: Rooms = {
      shared: 0,
      names: names.map((name) => ({ name, free: 1, apart: true })),
    };
    const step = this.queue.step(this.names.get(process) ?? '', acks, 0, rooms);
    if (step === 'lost') throw new Error(`${process} counts as dead`);
    return step.tasks.map(({ id }) => id);
  }

  /** Whether the process was told to look at once since it was asked last. */
  told(process: string): boolean {
    const found = this.pushes.splice(0);
    return found.some(([to, push]) => to === process && push.kind === 'due' && push.inMs === 0);
  }
}

const named = (id: string, name: string, due?: NewTask['due']): NewTask => ({
  id,
  envelope: `1${name}\n\n\n`,
  ...(due && { due }),
});
const completed = (id: string): Ack => ({ id, to: 'completed', outcome: '', tries: 1 });

describe('a consumer with room for some names', () => {
  it('is told of what another one has set aside', () => {
    const pair = new Pair();
    pair.queue.add('p', [named('later', 'mail', { inMs: 100 })]);
    pair.step('ann', ['sms']);
    pair.step('bob', ['mail']);
    expect(pair.told('bob')).toBe(false);
    pair.clock.jump(100);

    expect(pair.step('ann', ['sms'])).toEqual([]);

    expect(pair.told('bob')).toBe(true);
    expect(pair.step('bob', ['mail'])).toEqual(['later']);
  });

  it('is not told because another one has looked in vain', () => {
    const pair = new Pair();
    pair.queue.add('p', [named('a', 'fax')]);
    pair.step('ann', ['sms']);
    pair.step('bob', ['mail']);
    pair.told('bob');

    pair.step('ann', ['sms']);

    expect(pair.told('bob')).toBe(false);
  });

  it('is told when the queue may have one more in hand, and what another one can not take is left', () => {
    const pair = new Pair({ concurrency: 1 });
    pair.queue.add('p', [named('m', 'mail'), named('s', 'sms')]);
    expect(pair.step('ann', ['sms'])).toEqual(['s']);
    expect(pair.step('bob', ['mail'])).toEqual([]);
    pair.told('bob');

    expect(pair.step('ann', ['sms'], completed('s'))).toEqual([]);

    expect(pair.told('bob')).toBe(true);
    expect(pair.step('bob', ['mail'])).toEqual(['m']);
  });

  it('is told when its name is resumed', () => {
    const pair = new Pair();
    pair.queue.pause('mail');
    pair.queue.add('p', [named('m', 'mail')]);
    expect(pair.step('bob', ['mail'])).toEqual([]);
    pair.told('bob');

    pair.queue.resume('mail');

    expect(pair.told('bob')).toBe(true);
  });

  it('takes a suspect only when it has room for that, and the room is taken then', () => {
    const pair = new Pair();
    const doomed = pair.queue.join('doomed').consumer;
    pair.queue.add('p', [named('m', 'mail')]);
    pair.queue.step(doomed, [], 1);
    for (let left = SETTINGS.leaseMs + 1; left > 0; left -= SETTINGS.leaseMs / 4) {
      pair.clock.jump(Math.min(left, SETTINGS.leaseMs / 4));
      pair.step('ann', ['sms']);
      pair.step('bob', ['fax']);
    }
    expect(pair.queue.moves.waiting.suspects.length).toBe(1);
    pair.queue.add('p', [named('m2', 'mail')]);

    expect(pair.step('ann', ['sms'])).toEqual([]);
    expect(pair.step('bob', ['mail', 'fax'])).toEqual(['m']);
    expect(pair.step('ann', ['mail'])).toEqual(['m2']);
  });
});

describe('a suspect', () => {
  /** A pair with a suspect of group g, as one worker has died with it. */
  const suspected = (limits: QueueLimits): Pair => {
    const pair = new Pair(limits);
    const doomed = pair.queue.join('doomed').consumer;
    pair.queue.add('p', [{ ...named('s', 'mail'), group: 'g' }]);
    pair.queue.step(doomed, [], 1);
    for (let left = SETTINGS.leaseMs + 1; left > 0; left -= SETTINGS.leaseMs / 4) {
      pair.clock.jump(Math.min(left, SETTINGS.leaseMs / 4));
      pair.step('ann', []);
    }
    expect(pair.queue.moves.waiting.suspects.length).toBe(1);
    return pair;
  };

  it('waits while its group has its fill', () => {
    const pair = suspected({ group: { concurrency: 1 } });
    pair.queue.add('p', [{ ...named('a', 'sms'), group: 'g' }]);
    expect(pair.step('bob', ['sms'])).toEqual(['a']);

    expect(pair.step('ann', ['mail'])).toEqual([]);
    pair.told('ann');
    pair.queue.leave(pair.queue.join('bob').consumer);

    expect(pair.step('ann', ['mail'])).toEqual(['s']);
  });

  it('waits for a token of its group, and somebody is told when there is one', () => {
    const pair = suspected({ group: { rate: { max: 1, perMs: 100_000 } } });
    const looker = pair.queue.join('looker').consumer;

    const step = pair.queue.step(looker, [], 1);
    expect(step).toMatchObject({ tasks: [], nextMs: 100_000 - SETTINGS.leaseMs - 1 });
    pair.clock.jump(step === 'lost' ? 0 : (step.nextMs ?? 0));

    expect(pair.queue.step(pair.queue.join('looker').consumer, [], 1)).toMatchObject({
      tasks: [{ id: 's' }],
    });
  });
});

describe('what nobody has claimed in time', () => {
  it('is not handed over, though nobody has looked since', () => {
    const pair = new Pair({ concurrency: 1 });
    const [busy, idle] = [pair.queue.join('busy').consumer, pair.queue.join('idle').consumer];
    pair.queue.add('p', [named('a', 'mail'), { ...named('late', 'mail'), expiresInMs: 50 }]);
    pair.queue.step(busy, [], 1);
    pair.queue.step(idle, [], 1);
    pair.clock.jump(50);
    pair.pushes.splice(0);

    pair.queue.leave(busy);

    expect(pair.pushes.filter(([, push]) => push.kind === 'task')).toMatchObject([
      ['idle', { task: { id: 'a' } }],
    ]);
    pair.queue.cancel(['a']);
    pair.queue.leave(idle);
    const last = pair.queue.join('last').consumer;
    expect(pair.queue.step(last, [], 1)).toMatchObject({ tasks: [] });
    expect(pair.queue.moves.tasks.get('late')?.place).toBe('expired');
  });

  it('lets the next of its group go', () => {
    const pair = new Pair({ group: { concurrency: 1 } });
    const worker = pair.queue.join('worker').consumer;
    pair.queue.add('p', [
      { ...named('a', 'mail'), group: 'g' },
      { ...named('b', 'mail'), group: 'g', expiresInMs: 50 },
      { ...named('c', 'mail'), group: 'g' },
    ]);
    expect(pair.queue.step(worker, [], 1)).toMatchObject({ tasks: [{ id: 'a' }] });
    pair.queue.step(worker, [], 3);
    pair.clock.jump(50);

    // Not a step, which ends what is late before it looks: `b` goes back first, and is found to be late there.
    pair.queue.leave(worker);
    const other = pair.queue.join('other').consumer;

    expect(pair.queue.step(other, [], 3)).toMatchObject({ tasks: [{ id: 'a' }] });
    expect(pair.queue.step(other, [completed('a')], 3)).toMatchObject({ tasks: [{ id: 'c' }] });
    expect(pair.queue.moves.tasks.get('b')?.place).toBe('expired');
  });
});
