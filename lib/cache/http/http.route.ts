import type { OfRequest } from './http.message.js';

/** What is known of a handler before it is asked anything. `nest/nest.route.ts` finds it out. */
export interface HttpRoute {
  /** Class, method, and version of the API. */
  readonly name: string;
  /** Why its answers are never cached; `undefined`: they may be. */
  readonly refusal: string | undefined;
  /** It answers GET, and HEAD as far as there is a difference at all. Others may answer every method in another way. */
  readonly isForGet: boolean;
  readonly key: string | OfRequest<string | undefined> | undefined;
  readonly ttlMs: number | undefined;
  /** Lower-case names of the request's headers that its parameters are made of. */
  readonly vary: readonly string[];
  /** Nothing else looks at what it returns once the cache has. */
  readonly isOutermost: boolean;
}
