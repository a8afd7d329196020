/**
 * Whether two values are the same in every part, order and kind. Jest's `toStrictEqual` asks a value for its
 * `constructor`, which may be a key of it here.
 */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof RegExp && b instanceof RegExp) return String(a) === String(b);
  if (a instanceof ArrayBuffer || ArrayBuffer.isView(a)) return bytesOf(a).equals(bytesOf(b as ArrayBuffer));
  const [partsOfA, partsOfB] = [partsOf(a), partsOf(b)];
  return partsOfA.length === partsOfB.length && partsOfA.every((part, i) => same(part, partsOfB[i]));
}

const bytesOf = (value: ArrayBuffer | ArrayBufferView): Buffer =>
  ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);

function partsOf(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((part: unknown, i) => [i in value, part]);
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)].flat();
  if (value instanceof Set) return [...(value as Set<unknown>)];
  return Object.entries(value).flat();
}
