import type { Tell } from '../../test/support/conversation.js';

/** From a role, in its process: whoever started the process hears it by `on(name, …)`. */
export function tell(name: string, value: unknown): void {
  process.send?.({ tell: name, value } satisfies Tell);
}
