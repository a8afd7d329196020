import { expect } from '@jest/globals';
import type { QueueBroker } from '../../lib/task/task.broker.js';
import type { random } from '../support/random.js';
import type { Stored } from './task-broker.engine.js';
import { randomId } from './task-broker.history-tasks.js';
import type { Model } from './task-broker.model.js';

/** What somebody does to the tasks of a history from outside, and what must be answered. */
export class HistorySteering {
  constructor(
    private readonly model: Model,
    private readonly chance: ReturnType<typeof random>,
    private readonly log: (operation: string) => void,
  ) {}

  async operate(queue: QueueBroker, before: Stored): Promise<void> {
    const dice = this.chance.below(12);
    if (dice < 2) return this.remove(queue, before);
    if (dice < 5) return this.cancel(queue, before);
    if (dice < 6) return this.promote(queue, before);
    if (dice < 8) return this.retry(queue, before);
    if (dice < 9) return this.clean(queue, before);
    return this.pauseOrResume(queue);
  }

  async resumeAll(queue: QueueBroker): Promise<void> {
    this.model.isPaused = false;
    await queue.resume();
    for (const name of this.model.pausedNames) await queue.resume(name);
    this.model.pausedNames.clear();
  }

  private async remove(queue: QueueBroker, { places, records }: Stored): Promise<void> {
    const id = randomId(this.chance);
    this.log(`remove ${id}`);
    const answer = places.active.includes(id) ? 'active' : records.includes(id) ? 'removed' : 'missing';
    expect(await queue.remove([id])).toEqual([answer]);
    if (answer === 'removed') this.model.live.delete(id);
  }

  private async cancel(queue: QueueBroker, { places, records }: Stored): Promise<void> {
    const ids = [...new Set([randomId(this.chance), randomId(this.chance)])];
    this.log(`cancel ${ids.join(' ')}`);
    const answers = ids.map((id) => {
      if (places.active.includes(id)) return 'cancelling';
      if (!records.includes(id)) return 'missing';
      return this.model.live.has(id) ? 'cancelled' : 'ended';
    });
    expect(await queue.cancel(ids)).toEqual(answers);
    ids.forEach((id, at) => {
      if (answers[at] === 'cancelled') this.model.live.delete(id);
      if (answers[at] === 'cancelling') this.model.cancelling.add(id);
    });
  }

  private async promote(queue: QueueBroker, { places }: Stored): Promise<void> {
    const ids = [randomId(this.chance), ...places.delayed.slice(0, 1)];
    this.log(`promote ${ids.join(' ')}`);
    const promoted = ids.map((id, at) => places.delayed.includes(id) && ids.indexOf(id) === at);
    expect(await queue.promote(ids)).toEqual(promoted);
  }

  private async retry(queue: QueueBroker, before: Stored): Promise<void> {
    const { dead, cancelled, expired, parked } = before.places;
    const ids = [dead, cancelled, expired, parked].flatMap((place) => place.slice(0, 1));
    const id = ids[this.chance.below(ids.length)] ?? randomId(this.chance);
    this.log(`retry ${id}`);
    const begins = this.model.canRetry(id, before);
    expect([id, await queue.retry([id], 0)]).toEqual([id, [begins]]);
    if (begins) this.model.revive(id);
  }

  private async clean(queue: QueueBroker, { places }: Stored): Promise<void> {
    const state = (['waiting', 'delayed', 'blocked'] as const)[this.chance.below(3)] ?? 'waiting';
    const ids = state === 'waiting' ? [...places.suspects, ...places.waiting] : places[state];
    this.log(`clean ${state}`);
    for (const id of ids) this.model.live.delete(id);
    expect(await queue.clean(state, 0)).toBe(ids.length);
  }

  private async pauseOrResume(queue: QueueBroker): Promise<void> {
    const dice = this.chance.below(6);
    if (dice > 2) {
      this.log('resume');
      return this.resumeAll(queue);
    }
    if (dice === 0) {
      this.log('pause');
      this.model.isPaused = true;
      return queue.pause();
    }
    this.log('pause other');
    this.model.pausedNames.add('other');
    return queue.pause('other');
  }
}
