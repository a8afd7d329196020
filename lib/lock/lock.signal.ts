const { aborted, reason, throwIfAborted } = Object.getOwnPropertyDescriptors(AbortSignal.prototype);

/**
 * Whoever asks this signal learns the truth, even before a timer could tell it: after something has blocked the event loop
 * for longer than the ttl, other callbacks run before timers do.
 *
 * @param look looks at the clock, and aborts the signal when the time is over
 * @returns the signal
 */
export function watchClock(signal: AbortSignal, look: () => unknown): AbortSignal {
  return Object.defineProperties(signal, {
    aborted: { get: () => (look(), aborted.get?.call(signal)) },
    reason: { get: () => (look(), reason.get?.call(signal) as unknown) },
    throwIfAborted: { value: () => (look(), throwIfAborted.value?.call(signal)) },
  });
}
