/** Counts the timers of this process that fire. Imported first, so that nobody has the real `setTimeout` in hand. */
let fired = 0;

for (const name of ['setTimeout', 'setInterval'] as const) {
  const original = globalThis[name] as (
    callback: (...args: unknown[]) => void,
    ...rest: unknown[]
  ) => unknown;
  const counting = (callback: (...args: unknown[]) => void, ...rest: unknown[]): unknown =>
    original(
      (...args) => {
        fired++;
        callback(...args);
      },
      ...rest,
    );
  Object.defineProperty(globalThis, name, { value: Object.assign(counting, original), writable: true });
}

export const timersFired = (): number => fired;
