let lastMs = Number.NaN;
let lastText = '';

/** A time as text, whole milliseconds in base 36. Remembers the last one: of many in a row most are of the same millisecond. */
export function timeText(atMs: number): string {
  const ms = Math.floor(atMs);
  if (ms !== lastMs) {
    lastMs = ms;
    lastText = ms.toString(36);
  }
  return lastText;
}
