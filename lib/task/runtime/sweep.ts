import type { TaskBroker } from '../task.broker.js';
import type { Consumer } from './consumer.js';

/** Rounds after which a queue is looked at, whatever is in all of them. */
const MOST_ROUNDS = 10;

/**
 * Looks whether a wake-up was lost while consumers were idle (docs/protocol.md, A2), and keeps their leases. Queues with
 * nothing in them are asked about together, in one call whatever their number. One that has something, such as a task
 * for tomorrow, is looked at on its own: in the next round, two rounds after that, then four, and in the end the less often
 * the more of them there are, so that together they cost no more than a few.
 */
export class Sweep {
  /** Consumers whose queue had something in it, and for how many rounds since which one it is left alone at most. */
  private readonly astir = new Map<Consumer, { readonly round: number; readonly pause: number }>();
  private round = 0;

  constructor(
    private readonly consumers: readonly Consumer[],
    private readonly broker: Pick<TaskBroker, 'quiet' | 'rest'>,
  ) {}

  /** One round. Never rejects. */
  async look(): Promise<void> {
    this.round++;
    const idle = this.consumers.filter((consumer) => !consumer.busy);
    const quiet = idle.filter((consumer) => !this.astir.has(consumer));
    const due = idle.filter((consumer) => this.isDue(consumer, idle.length - quiet.length));
    await Promise.all([this.lookAt(quiet), ...due.map((consumer) => this.lookAt([consumer]))]);
  }

  /** Extends the leases of those that are not heard of otherwise. Never rejects. */
  async rest(): Promise<void> {
    const quiet = this.consumers.filter((consumer) => !consumer.busy && !this.astir.has(consumer));
    const resting = quiet.flatMap((consumer) => consumer.resting ?? []);
    if (resting.length === 0) return;
    const all = await this.broker.rest(resting).catch(() => false);
    if (!all) await beat(quiet);
  }

  /** @param astir how many there are of its kind */
  private isDue(consumer: Consumer, astir: number): boolean {
    const looked = this.astir.get(consumer);
    return looked !== undefined && this.round - looked.round >= Math.min(looked.pause, astir);
  }

  /** Of several that are not quiet together each is asked about. */
  private async lookAt(consumers: readonly Consumer[]): Promise<void> {
    const [only, ...others] = consumers;
    if (!only) return;
    // What is wrong is reported by whoever needs it to work.
    const quiet = await this.quiet(consumers).catch(() => 'unknown' as const);
    if (quiet === 'unknown') return beat(consumers);
    if (quiet) consumers.forEach((consumer) => this.astir.delete(consumer));
    else if (others.length > 0) await Promise.all(consumers.map((consumer) => this.lookAt([consumer])));
    else {
      const pause = Math.min((this.astir.get(only)?.pause ?? 0.5) * 2, MOST_ROUNDS);
      this.astir.set(only, { round: this.round, pause });
      await only.beat();
    }
  }

  private quiet(consumers: readonly Consumer[]): Promise<boolean> {
    return this.broker.quiet(consumers.map(({ queue }) => queue));
  }
}

async function beat(consumers: readonly Consumer[]): Promise<void> {
  await Promise.all(consumers.map((consumer) => consumer.beat()));
}
