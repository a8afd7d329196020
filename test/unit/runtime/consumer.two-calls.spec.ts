import { describe, expect, it } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import type { Step } from '../../../lib/task/task.broker.js';
import { Deferred } from '../../support/deferred.js';
import { Bench, task } from './bench.js';
import { NOTHING, turns } from './scripted-broker.js';

const IDS = Array.from({ length: 64 }, (_, i) => `t${i}`);
const [FIRST, SECOND] = [IDS.slice(0, 32), IDS.slice(32)];

/** A consumer of 64 slots that has ended all that it had in hand, and its calls, which wait for answers. */
async function ended() {
  const bench = await new Bench(64).start(...IDS);
  const answers: Deferred<Step>[] = [];
  bench.news();
  bench.broker.acks.length = 0;
  bench.broker.onStep = () => {
    const answer = new Deferred<Step>();
    answers.push(answer);
    return answer.promise;
  };
  await bench.end(...IDS);
  const [first, second] = answers;
  if (!first || !second) throw new Error(`${answers.length} calls are under way`);
  return { bench, first, second, answers };
}

const acked = (bench: Bench): string[][] => bench.broker.acks.map((acks) => acks.map(({ id }) => id));

/** The ids that a call `join c1 […]` tells. */
const kept = (call = ''): string[] => (/\[(.*)\]/.exec(call)?.[1] ?? '').split(',').sort();

describe('a consumer of many slots', () => {
  it('tells the other half by a second call while the first is under way', async () => {
    const { bench, first, second } = await ended();
    expect(acked(bench)).toEqual([FIRST, SECOND]);

    first.resolve({ tasks: [task('a')], nextMs: undefined });
    await turns();
    expect(bench.ran.at(-1)).toBe('a');
    second.resolve(NOTHING);
    await turns();

    expect(bench.news().slice(2)).toEqual([]);
  });

  it('has two calls under way at most', async () => {
    const { bench, answers } = await ended();
    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('a') });
    await turns();
    await bench.end('a');
    expect(answers).toHaveLength(2);

    for (const answer of answers) answer.resolve(NOTHING);
    await turns();
    expect(acked(bench)).toEqual([FIRST, SECOND, ['a']]);
  });

  it('keeps what the second call told when only that one fails', async () => {
    const { bench, first, second } = await ended();
    first.resolve(NOTHING);
    await turns();
    second.reject(new EngineUnavailableError('gone'));
    bench.broker.onStep = async () => NOTHING;
    await turns();
    await bench.clock.advance(100);
    await turns();

    expect(kept(bench.news()[2])).toEqual([...SECOND].sort());
    expect(acked(bench).slice(2).flat()).toEqual(SECOND);
    expect(bench.consumer.busy).toBe(false);
  });

  it('joins once when the first fails, and believes nothing that the second says', async () => {
    const { bench, first, second } = await ended();
    bench.broker.onStep = async () => NOTHING;
    first.reject(new EngineUnavailableError('gone'));
    second.resolve({ tasks: [task('a')], nextMs: undefined });
    await turns();
    await bench.clock.advance(100);
    await turns();

    const joins = bench.news().filter((call) => call.startsWith('join'));
    expect(joins.map(kept)).toEqual([[...IDS].sort()]);
    expect(bench.ran).not.toContain('a');
    expect(acked(bench).slice(2).flat()).toEqual(IDS);
    expect(bench.consumer.busy).toBe(false);
  });

  it('joins once when both fail, and says so once', async () => {
    const { bench, first, second } = await ended();
    bench.broker.onStep = async () => NOTHING;
    first.reject(new EngineUnavailableError('gone'));
    second.reject(new EngineUnavailableError('gone'));
    await turns();
    await bench.clock.advance(200);
    await turns();

    expect(bench.news().filter((call) => call.startsWith('join'))).toHaveLength(1);
    expect(acked(bench).slice(2).flat()).toEqual(IDS);
    expect(bench.logger.warnings.filter((line) => line.includes('gone'))).toHaveLength(1);
  });

  it('remembers what was cancelled until both calls of then are answered', async () => {
    const { bench, first, second } = await ended();
    bench.broker.push({ kind: 'cancel', consumer: 'c1', id: 'a' });
    first.resolve(NOTHING);
    await turns();
    bench.broker.onStep = async () => NOTHING;
    second.resolve({ tasks: [task('a')], nextMs: undefined });
    await turns();

    expect(bench.ran).not.toContain('a');
    expect(bench.news().at(-1)).toBe('step c1 [a cancelled] 64');
  });

  it('forgets what was cancelled then', async () => {
    const { bench, first, second } = await ended();
    bench.broker.push({ kind: 'cancel', consumer: 'c1', id: 'a' });
    first.resolve(NOTHING);
    second.resolve(NOTHING);
    await turns();

    bench.broker.push({ kind: 'task', consumer: 'c1', task: task('a') });
    await turns();
    expect(bench.ran).toContain('a');
  });

  it('stops when both calls are answered', async () => {
    const { bench, first, second } = await ended();
    let stopped = false;
    const stopping = bench.consumer.stop().then(() => (stopped = true));
    first.resolve(NOTHING);
    await turns();
    expect(stopped).toBe(false);
    second.resolve(NOTHING);
    await stopping;
    expect(bench.news().at(-1)).toBe('leave c1');
  });
});
