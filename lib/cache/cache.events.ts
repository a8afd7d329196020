import { DepotConfigError, show, toError } from '../common/errors.js';
import type { DepotLogger } from '../common/logger.js';

/** What a cache tells whoever listens, with what. */
export interface CacheEvents {
  /** `tier`: where it was. `stale`: a fresh one is being made, or can't be. */
  hit: { readonly key: string; readonly tier: CacheTier; readonly stale: boolean };
  miss: { readonly key: string };
  /** A factory has brought a value. `stored`: false when it was not to be, or something was changed meanwhile. */
  made: { readonly key: string; readonly tookMs: number; readonly stored: boolean };
  factoryError: { readonly key: string; readonly error: unknown };
  set: { readonly key: string };
  delete: { readonly key: string };
  /** Everything at once: of the tags, of keys that match, or (with neither) of the cache or namespace. */
  invalidate: { readonly tags?: readonly string[]; readonly pattern?: string };
  /** The store does not answer. */
  away: { readonly error: Error };
  /** The store answers again. */
  back: object;
}

export type CacheEventName = keyof CacheEvents;

/** `'memory'`: this process's. `'store'`: the engine's. */
export type CacheTier = 'memory' | 'store';

type Listener<E extends CacheEventName> = (event: CacheEvents[E]) => unknown;

const NAMES = ['hit', 'miss', 'made', 'factoryError', 'set', 'delete', 'invalidate', 'away', 'back'];

/** Who listens to what. While nobody does, an event costs one look. */
export class CacheListeners {
  /** Whether anybody listens to hits: asked with every one of them. */
  hearHits = false;
  private readonly listeners: { [E in CacheEventName]?: Set<Listener<E>> } = {};

  constructor(private readonly logger: DepotLogger) {}

  /** Returns what ends it. @throws DepotConfigError when there is no such event, or the listener is no function */
  on<E extends CacheEventName>(event: E, listener: Listener<E>): () => void {
    if (!NAMES.includes(event)) {
      throw new DepotConfigError(`the event is ${show(event)}; expected one of ${NAMES.join(', ')}`);
    }
    if (typeof listener !== 'function') {
      throw new DepotConfigError(`the listener of '${event}' is ${show(listener)}; expected a function`);
    }
    const listeners: Set<Listener<E>> = this.listeners[event] ?? new Set();
    // One type for all events: TypeScript can't tell that this is the entry of this one.
    Object.assign(this.listeners, { [event]: listeners });
    listeners.add(listener);
    this.hearHits = this.has('hit');
    return () => {
      listeners.delete(listener);
      this.hearHits = this.has('hit');
    };
  }

  has(event: CacheEventName): boolean {
    const listeners = this.listeners[event];
    return listeners !== undefined && listeners.size > 0;
  }

  emit<E extends CacheEventName>(event: E, detail: CacheEvents[E]): void {
    const listeners: Set<Listener<E>> | undefined = this.listeners[event];
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        const outcome = listener(detail);
        if (outcome instanceof Promise) outcome.catch((error: unknown) => this.report(event, error));
      } catch (error) {
        this.report(event, error);
      }
    }
  }

  private report(event: CacheEventName, thrown: unknown): void {
    const error = toError(thrown);
    this.logger.error(`A listener to '${event}' of a cache has thrown: ${error.message}`, error.stack);
  }
}
