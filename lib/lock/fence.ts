import { DepotError, show } from '../common/errors.js';

/** A token is smaller than one that was seen already: its lock was lost, and others have written since. `code`: `DEPOT_STALE_TOKEN`. */
export class StaleTokenError extends DepotError {
  constructor(
    readonly resource: string,
    readonly token: number,
    readonly greatest: number,
  ) {
    super(
      'DEPOT_STALE_TOKEN',
      `${show(resource)} refuses fencing token ${token}: ${greatest} was here already, so the lock behind it is lost; acquire it again`,
    );
  }
}

/**
 * The resource's side of a fencing token: remembers the greatest one of each resource and refuses smaller ones. For a
 * resource that lives in one process and whose writes do not await anything between `admit` and their effect; a database
 * has to compare in the statement that writes, as docs/locks.md shows.
 *
 * @see Martin Kleppmann, How to do distributed locking (2016)
 * @example
 * fence.admit('stock:42', lock.fencingToken);
 * stock.set(42, left);
 */
export class Fence {
  private readonly greatest = new Map<string, number>();

  /**
   * Lets the token pass, and from then on none that is smaller.
   *
   * @throws StaleTokenError when a greater one has passed; nothing is changed
   */
  admit(resource: string, token: number): void {
    const greatest = this.greatest.get(resource) ?? Number.NEGATIVE_INFINITY;
    // A number that is none compares with nothing, and would pass for ever.
    if (!(token >= greatest)) throw new StaleTokenError(resource, token, greatest);
    this.greatest.set(resource, token);
  }

  /** The greatest one so far; to be stored with the resource when that outlives the process, and admitted again. */
  of(resource: string): number | undefined {
    return this.greatest.get(resource);
  }
}
