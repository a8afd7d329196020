/** A handler that computes for so long before it first waits has the next one begin in another turn: heartbeats go between. */
export const LONG_TURN_MS = 10;

export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
