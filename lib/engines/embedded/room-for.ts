import type { Rooms } from '../../task/task.broker.js';

/** What a consumer can still take of each name, while it takes some. */
export class RoomFor {
  private shared: number;
  private readonly names: Map<string, { free: number; readonly apart: boolean }>;

  constructor({ shared, names }: Rooms) {
    this.shared = shared;
    this.names = new Map(names.map(({ name, free, apart }) => [name, { free, apart }]));
  }

  /** There is room for something. */
  get left(): boolean {
    if (this.shared > 0) return true;
    for (const { free, apart } of this.names.values()) if (apart && free > 0) return true;
    return false;
  }

  has(name: string): boolean {
    const bound = this.names.get(name);
    if (bound && bound.free <= 0) return false;
    return bound?.apart === true || this.shared > 0;
  }

  take(name: string): void {
    const bound = this.names.get(name);
    if (bound) bound.free--;
    if (!bound?.apart) this.shared--;
  }
}
