import { describe, expect, it } from '@jest/globals';
import { EngineReplyError, EngineUnavailableError } from '../../../lib/common/errors.js';
import type { Joined, Step } from '../../../lib/task/task.broker.js';
import { LeaseLostError } from '../../../lib/task/task.errors.js';
import { Deferred } from '../../support/deferred.js';
import { Bench, task } from './bench.js';
import { NOTHING, turns } from './scripted-broker.js';

const gone = (): Promise<never> => Promise.reject(new EngineUnavailableError('gone'));
const refused = (): Promise<never> => Promise.reject(new EngineReplyError('refused'));

/** Lets the pauses after failures pass, however long they have become. */
async function patience(bench: Bench, pauses = 1): Promise<void> {
  for (let i = 0; i < pauses; i++) {
    await bench.clock.advance(2_500);
    await turns();
  }
}

describe('a call of unknown outcome', () => {
  it('is never repeated under the same name', async () => {
    const bench = await new Bench().start('a', 'b');
    bench.news();
    bench.broker.onStep = gone;
    await bench.end('a');
    bench.broker.onStep = async () => NOTHING;
    await patience(bench);
    expect(bench.news()).toEqual(['step c1 [a completed] 3', 'join c1 [a,b]', 'step c2 [a completed] 3']);
  });

  it('was heard when the task is no longer in hand', async () => {
    const bench = await new Bench().start('a', 'b');
    bench.news();
    bench.broker.onStep = gone;
    bench.broker.onJoin = async () => ({ consumer: 'c2', kept: ['b'] });
    await bench.end('a');
    bench.broker.onStep = async () => NOTHING;
    await patience(bench);
    expect(bench.news().at(-1)).toBe('step c2 [] 3');
    expect(bench.run('b').context.signal.aborted).toBe(false);
    await bench.end('b');
    expect(bench.news()).toEqual(['step c2 [b completed] 3']);
  });

  it('keeps what ends meanwhile for the next', async () => {
    const bench = await new Bench().start('a', 'b');
    bench.broker.onStep = gone;
    await bench.end('a');
    await bench.end('b');
    bench.news();
    bench.broker.onStep = async () => NOTHING;
    await patience(bench, 3);
    const acknowledged = bench
      .news()
      .flatMap((call) => /\[(.* completed)\]/.exec(call)?.[1]?.split(',') ?? []);
    expect(acknowledged.sort()).toEqual(['a completed', 'b completed']);
    expect(bench.consumer.busy).toBe(false);
  });

  it('does not acknowledge a first attempt in place of the second, which was handed over meanwhile', async () => {
    const bench = await new Bench().start('a');
    const answer = new Deferred<Step>();
    bench.broker.onStep = () => answer.promise;
    bench.run('a').reject(new Error('once more'));
    await turns();
    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('a', 'run', {}, 1) });
    bench.broker.onStep = async () => NOTHING;
    bench.news();
    answer.reject(new EngineUnavailableError('gone'));
    await patience(bench);
    expect(bench.news()).toEqual(['join c1 [a]', 'step c2 [] 3']);
    await bench.end('a');
    expect(bench.news()).toEqual(['step c2 [a completed] 3']);
  });

  it('of joining is repeated with the same name of before', async () => {
    const bench = await new Bench().start('a');
    bench.news();
    let joins = 0;
    bench.broker.onJoin = () => (++joins < 3 ? gone() : Promise.resolve({ consumer: 'c9', kept: ['a'] }));
    bench.broker.gap();
    await turns();
    await patience(bench, 2);
    expect(bench.news()).toEqual(['join c1 [a]', 'join c1 [a]', 'join c1 [a]', 'step c9 [] 3']);
  });

  it('does not matter when a gap has made the name doubtful in between', async () => {
    const bench = await new Bench().start('a');
    const answer = new Deferred<Step>();
    bench.broker.onStep = () => answer.promise;
    bench.consumer.kick();
    await turns();
    bench.broker.gap();
    bench.broker.onStep = async () => NOTHING;
    bench.news();
    answer.resolve({ tasks: [task('b')], nextMs: undefined });
    await turns();
    expect(bench.news()).toEqual(['join c1 [a]', 'step c2 [] 3']);
    expect(bench.ran).toEqual(['a']);
  });

  it('makes later batches smaller, and success makes them larger again', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => `t${i}`);
    const bench = await new Bench(8).start(...ids);
    bench.broker.acks.length = 0;
    let failures = 2;
    bench.broker.onStep = () => (failures-- > 0 ? gone() : Promise.resolve(NOTHING));
    await bench.end(...ids);
    await patience(bench, 4);
    expect(bench.broker.acks.map((acks) => acks.length).filter((length) => length > 0)).toEqual([
      8, 4, 2, 4, 2,
    ]);
    expect(bench.consumer.busy).toBe(false);
  });
});

describe('an acknowledgement that the engine refuses', () => {
  it('holds up no other', async () => {
    const ids = Array.from({ length: 10 }, (_, i) => `t${i}`);
    const bench = await new Bench(10).start(...ids);
    const heard = new Set<string>();
    bench.broker.onStep = (_consumer, acks) => {
      if (acks.some(({ id }) => id === 't4')) return refused();
      for (const { id } of acks) heard.add(id);
      return Promise.resolve(NOTHING);
    };
    bench.broker.onJoin = async (previous) => ({
      consumer: 'again',
      kept: (previous?.keep ?? []).filter((id) => !heard.has(id)),
    });
    await bench.end(...ids);
    await patience(bench, 40);
    expect([...heard].sort()).toEqual(ids.filter((id) => id !== 't4'));
    expect(bench.consumer.busy).toBe(true);
  });

  it('is tried ever more slowly, and reported once in a row', async () => {
    const bench = await new Bench().start('a');
    bench.broker.onStep = refused;
    await bench.end('a');
    bench.news();
    await patience(bench, 20);
    expect(bench.broker.count('step')).toBeLessThanOrEqual(45);
    expect(bench.logger.errors).toHaveLength(1);
  });
});

describe('a consumer that was taken for dead', () => {
  it('joins again and stops what was given to another worker', async () => {
    const bench = await new Bench().start('a', 'b');
    const { signal } = bench.run('a').context;
    bench.broker.onStep = async () => 'lost';
    bench.broker.onJoin = async () => ({ consumer: 'c2', kept: ['b'] });
    bench.consumer.kick();
    bench.broker.onStep = async (name) => (name === 'c1' ? 'lost' : NOTHING);
    await turns();
    expect(signal.reason).toBeInstanceOf(LeaseLostError);
    expect(bench.run('b').context.signal.aborted).toBe(false);
    expect(bench.logger.warnings).toEqual([expect.stringContaining('was given to another worker')]);
    bench.news();
    await bench.end('a');
    expect(bench.news()).toEqual([]);
  });

  it('learns it from its heartbeat', async () => {
    const bench = await new Bench().start('a');
    bench.news();
    bench.broker.onBeat = async () => 'lost';
    await bench.consumer.beat();
    await turns();
    expect(bench.news()).toEqual(['beat c1 busy', 'join c1 [a]', 'step c2 [] 3']);
  });

  it('does not believe a heartbeat that was sent under a name of before', async () => {
    const bench = await new Bench().start('a');
    const answer = new Deferred<'lost'>();
    bench.broker.onBeat = () => answer.promise;
    const beat = bench.consumer.beat();
    bench.broker.gap();
    await turns();
    bench.news();
    answer.resolve('lost');
    await beat;
    await turns();
    expect(bench.news()).toEqual([]);
  });

  it('runs a task in its new attempt while the old one has not ended, and hears the new one only', async () => {
    const bench = await new Bench().start('a');
    const old = bench.run('a');
    bench.broker.onJoin = async () => ({ consumer: 'c2', kept: [] });
    bench.broker.gap();
    await turns();
    bench.broker.push({ kind: 'task', consumer: 'c2', task: task('a') });
    bench.news();
    old.resolve('late');
    await turns();
    expect(bench.news()).toEqual([]);
    await bench.end('a');
    expect(bench.news()).toEqual(['step c2 [a completed] 3']);
  });
});

describe('while the engine is away', () => {
  it('one call is under way at a time, with pauses that grow to about two seconds', async () => {
    const bench = await new Bench().start('a');
    bench.broker.onStep = gone;
    bench.broker.onJoin = gone;
    await bench.end('a');
    bench.news();
    for (let i = 0; i < 600; i++) await bench.clock.advance(100);
    const calls = bench.news().length;
    expect(calls).toBeGreaterThan(20);
    expect(calls).toBeLessThan(50);
  });

  it('heartbeats without a name call nothing and start nothing twice', async () => {
    const bench = await new Bench().start('a');
    const joined = new Deferred<Joined>();
    bench.broker.onJoin = () => joined.promise;
    bench.broker.gap();
    await turns();
    bench.news();
    for (let i = 0; i < 100; i++) await bench.consumer.beat();
    expect(bench.news()).toEqual([]);
    joined.resolve({ consumer: 'c2', kept: ['a'] });
    await turns();
    expect(bench.news()).toEqual(['step c2 [] 3']);
  });

  it('the outage is reported once, and the next one again', async () => {
    const bench = await new Bench().start('a', 'b');
    for (const id of ['a', 'b']) {
      Object.assign(bench.broker, { onStep: gone, onJoin: gone, onBeat: gone, onTidy: gone, onNote: gone });
      await bench.end(id);
      for (let i = 0; i < 5; i++) await bench.consumer.beat();
      await bench.consumer.tidy();
      await patience(bench, 5);
      bench.broker.onStep = async () => NOTHING;
      bench.broker.onJoin = async (previous) => ({ consumer: `after ${id}`, kept: previous?.keep ?? [] });
      await patience(bench, 2);
    }
    expect(bench.logger.warnings).toHaveLength(2);
    expect(bench.consumer.busy).toBe(false);
  });

  it('draining goes on until the deadline, and stopping does not wait for it', async () => {
    const bench = await new Bench().start('a');
    bench.broker.onStep = gone;
    bench.broker.onJoin = gone;
    bench.broker.onLeave = gone;
    const deadline = new AbortController();
    const drained = bench.consumer.drain(deadline.signal);
    await bench.end('a');
    await bench.clock.advance(5_000);
    deadline.abort();
    await drained;
    await bench.consumer.stop();
    expect(bench.clock.pending).toBe(0);
    expect(bench.logger.warnings.at(-1)).toContain('could not sign off');
  });

  it('memory does not grow: what ends is in hand already, and nothing is claimed', async () => {
    const ids = Array.from({ length: 100 }, (_, i) => `t${i}`);
    const bench = await new Bench(100).start(...ids);
    bench.broker.onStep = gone;
    bench.broker.onJoin = gone;
    await bench.end(...ids);
    await patience(bench, 20);
    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('more') });
    expect(bench.runs.size).toBe(100);
    bench.broker.onJoin = async (previous) => ({ consumer: 'c2', kept: previous?.keep ?? [] });
    bench.broker.onStep = async () => NOTHING;
    await patience(bench, 2);
    expect(bench.consumer.busy).toBe(false);
  });
});

describe('looking after what was kept', () => {
  it('goes on while there is more, and not after the stop', async () => {
    const bench = new Bench();
    let left = 3;
    bench.broker.onTidy = async () => ({ more: --left > 0 });
    await bench.start();
    expect(bench.broker.count('tidy')).toBe(3);
    bench.broker.onTidy = async () => {
      void bench.consumer.stop();
      return { more: true };
    };
    bench.news();
    await bench.consumer.tidy();
    expect(bench.broker.count('tidy')).toBe(1);
  });

  it('is asked for by a heartbeat, as is a look', async () => {
    const bench = await new Bench().start();
    bench.news();
    bench.broker.onBeat = async () => 'tidy';
    await bench.consumer.beat();
    bench.broker.onBeat = async () => 'look';
    await bench.consumer.beat();
    await turns();
    expect(bench.news()).toEqual(['beat c1 idle', 'tidy c1 [run]', 'beat c1 idle', 'step c1 [] 3']);
  });
});

describe('a note', () => {
  it('that can not be kept does not fail the handler', async () => {
    const bench = await new Bench().start('a');
    bench.broker.onNote = gone;
    await bench.run('a').context.progress(1);
    await bench.run('a').context.log('line');
    expect(bench.logger.warnings).toHaveLength(1);
  });

  it('of an attempt that is over is not kept: the task may be in its next one', async () => {
    const bench = await new Bench().start('a');
    bench.broker.onJoin = async () => ({ consumer: 'c2', kept: [] });
    bench.broker.gap();
    await turns();
    bench.broker.push({ kind: 'task', consumer: 'c2', task: task('a') });
    bench.news();
    const [first] = [bench.run('a').context];
    await first.progress(2);
    expect(bench.news()).toEqual(['note c2 a progress 2']);
  });
});
