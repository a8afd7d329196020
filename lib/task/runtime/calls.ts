import type { Clock } from '../../common/clock.js';
import type { Rooms } from '../task.broker.js';
import { Gathering } from './gathering.js';
import type { Held } from './hand.js';
import type { RunningTask } from './running-task.js';
import type { Share, SlotPool } from './slot.pool.js';
import type { TaskHandler } from './task.handler.js';
import { LONG_TURN_MS, nextTurn } from './turn.js';

/** A task that is in hand and has not begun. */
export interface Ready {
  readonly held: Held;
  readonly running: RunningTask;
}

/** One call of a handler, of one task or, of a batch handler, of several. */
interface Call {
  readonly handler: TaskHandler;
  readonly tasks: readonly Ready[];
}

/** A handler of batches, or of limited concurrency, and what it has under way. */
interface Station {
  readonly handler: TaskHandler;
  readonly names: readonly string[];
  readonly limit: number;
  /** Calls that run, wait for a slot, or are being gathered for. */
  calls: number;
  running: number;
  gathering: Gathering<Ready> | undefined;
}

export interface CallsHost {
  /** It is still in hand, and has not ended. */
  isOpen(held: Held): boolean;
  /** Calls the handler. Never rejects; resolves when the slot is free. */
  run(handler: TaskHandler, tasks: readonly Ready[]): Promise<void>;
  /** There is room where there was none, or the other way round. */
  roomChanged(): void;
}

/**
 * The slots of a consumer whose handlers need different ones: a batch is one call for many tasks, and some handlers are
 * limited on their own. A batch has its slot from its first task on.
 *
 * It says what may be claimed of each name, such that what is claimed can begin. When fewer slots are free than there
 * are kinds of calls that could want one, kinds take turns from step to step.
 */
export class Calls {
  private readonly stations: readonly Station[];
  private readonly byHandler = new Map<TaskHandler, Station>();
  /** Some handler runs one task a call. */
  private readonly hasPlain: boolean;
  private readonly waiting: Call[] = [];
  /** Of the slots that several queues of the process have together. */
  private readonly share: Share | undefined;
  /** Calls that run, wait for a slot, or are being gathered for. */
  private occupied = 0;
  private beginning = false;
  private running = 0;
  private turn = 0;
  /** Steps in a row that had less to offer than could have been wanted. */
  private partial = 0;
  private kinds = 0;

  constructor(
    handlers: ReadonlyMap<string, TaskHandler>,
    private readonly slots: number,
    private readonly clock: Clock,
    private readonly host: CallsHost,
    pool?: { readonly slots: SlotPool; readonly queue: string },
  ) {
    const all = [...new Set(handlers.values())];
    this.hasPlain = all.some(({ batch }) => batch === undefined);
    for (const handler of all.filter(needsRoom)) {
      this.byHandler.set(handler, {
        handler,
        names: [...handlers].flatMap(([name, of]) => (of === handler ? [name] : [])),
        limit: handler.concurrency ?? slots,
        calls: 0,
        running: 0,
        gathering: undefined,
      });
    }
    this.stations = [...this.byHandler.values()];
    this.share = pool?.slots.join({
      queue: pool.queue,
      room: () => this.slots - this.occupied,
      kick: () => this.host.roomChanged(),
    });
  }

  /** Begins the task: now, with others of its batch, or when there is a slot. */
  take(ready: Ready): void {
    const { handler } = ready.running;
    const station = this.byHandler.get(handler);
    if (!handler.batch || !station) {
      this.occupy(station);
      this.enqueue({ handler, tasks: [ready] });
      return;
    }
    const { size, waitMs } = handler.batch;
    if (!station.gathering) {
      this.occupy(station);
      station.gathering = new Gathering(this.clock, waitMs, () => this.close(station));
    }
    station.gathering.add(ready);
    if (station.gathering.size >= size) this.close(station);
  }

  /** What may be claimed now. */
  rooms(): Rooms {
    const own = Math.max(0, this.slots - this.occupied);
    const free = this.share ? this.share.grant(own) : own;
    const opening = this.stations.filter(
      ({ handler, gathering, calls, limit }) => handler.batch && !gathering && calls < limit,
    );
    this.kinds = opening.length + (this.hasPlain ? 1 : 0);
    const granted = new Set<Station | undefined>();
    for (let i = 0; i < Math.min(free, this.kinds); i++) granted.add(opening[(this.turn + i) % this.kinds]);
    if (free > 0 && free < this.kinds) {
      this.turn++;
      this.partial++;
    } else this.partial = 0;
    const shared = this.hasPlain ? free - granted.size + (granted.has(undefined) ? 1 : 0) : free;
    return { shared, names: this.stations.flatMap((station) => roomsOf(station, granted.has(station))) };
  }

  /** What came of the last offer has been taken. */
  settle(): void {
    this.share?.settle(this.untried);
  }

  /** Some kind of call was not offered a slot since the last news, although one is free. */
  get untried(): boolean {
    return this.partial > 0 && this.partial < this.kinds;
  }

  /** There is news: it is worth while to offer slots all round again. */
  retry(): void {
    this.partial = 0;
  }

  /** Forgets what is not in hand any more, or was cancelled before it began. */
  prune(): void {
    const isOpen = ({ held }: Ready): boolean => this.host.isOpen(held);
    for (const station of this.stations) {
      if (station.gathering?.keep(isOpen) === 0) this.abandon(station);
    }
    for (const call of this.waiting.splice(0)) {
      const tasks = call.tasks.filter(isOpen);
      if (tasks.length > 0) this.waiting.push({ ...call, tasks });
      else this.vacate(this.byHandler.get(call.handler));
    }
  }

  /** Begins nothing more. Forgets everything that has not begun, and returns it. */
  end(): readonly Held[] {
    this.share?.leave();
    const unbegun: Ready[] = [];
    for (const station of this.stations) {
      if (!station.gathering) continue;
      unbegun.push(...station.gathering.tasks);
      this.abandon(station);
    }
    for (const { handler, tasks } of this.waiting.splice(0)) {
      unbegun.push(...tasks);
      this.vacate(this.byHandler.get(handler));
    }
    return unbegun.map(({ held }) => held);
  }

  /** What has been gathered is run. */
  private close(station: Station): void {
    const { gathering, handler } = station;
    if (!gathering) return;
    gathering.cancel();
    station.gathering = undefined;
    this.enqueue({ handler, tasks: gathering.tasks });
    // The engine was told of room in this batch; there may be room for another one now, or none.
    this.host.roomChanged();
  }

  private abandon(station: Station): void {
    station.gathering?.cancel();
    station.gathering = undefined;
    this.vacate(station);
  }

  private enqueue(call: Call): void {
    this.waiting.push(call);
    void this.begin();
  }

  /** Begins what waits, as far as there are slots; between handlers that compute for long, the heartbeat gets its turn. */
  private async begin(): Promise<void> {
    if (this.beginning) return;
    this.beginning = true;
    for (let call = this.nextCall(); call; call = this.nextCall()) {
      const since = this.clock.now();
      this.run(call);
      if (this.clock.now() - since >= LONG_TURN_MS) await nextTurn();
    }
    this.beginning = false;
  }

  private nextCall(): Call | undefined {
    if (this.running >= this.slots) return undefined;
    const index = this.waiting.findIndex(({ handler }) => {
      const station = this.byHandler.get(handler);
      return !station || station.running < station.limit;
    });
    return index < 0 ? undefined : this.waiting.splice(index, 1)[0];
  }

  private run({ handler, tasks }: Call): void {
    const station = this.byHandler.get(handler);
    this.running++;
    if (station) station.running++;
    void this.host.run(handler, tasks).then(() => this.ended(station));
  }

  private ended(station: Station | undefined): void {
    this.running--;
    if (station) station.running--;
    this.vacate(station);
    void this.begin();
    this.host.roomChanged();
  }

  private occupy(station: Station | undefined): void {
    this.occupied++;
    this.share?.use();
    if (station) station.calls++;
  }

  private vacate(station: Station | undefined): void {
    this.occupied--;
    this.share?.free();
    if (station) station.calls--;
  }
}

/** Tasks of this handler can't simply be claimed for every free slot. */
export const needsRoom = ({ batch, concurrency }: TaskHandler): boolean =>
  batch !== undefined || concurrency !== undefined;

/** Under each of its names it is offered all of its room: what comes of it under two names waits for the next call. */
function roomsOf({ handler, names, limit, calls, gathering }: Station, opens: boolean): Rooms['names'] {
  const { batch } = handler;
  if (!batch) return names.map((name) => ({ name, free: Math.max(0, limit - calls), apart: false }));
  const free = gathering ? batch.size - gathering.size : opens ? batch.size : 0;
  return names.map((name) => ({ name, free, apart: true }));
}
