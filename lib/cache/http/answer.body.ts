import { types } from 'node:util';

const DEEPEST = 100;

/**
 * What is stored of a body, such that what is sent for it later is the same. `body`: nothing can be. `instance`: nothing
 * should be.
 *
 * @param isOutermost nothing else will look at the body before it is sent. Else it might treat instances of classes
 * otherwise than what comes back in their place, and send what it was to leave out
 */
export function storable(
  body: unknown,
  isOutermost: boolean,
): { readonly body: unknown } | 'body' | 'instance' {
  if (body === undefined) return 'body';
  if (isData(body, 0)) return { body };
  const sent = isSentAsJson(body) ? asJson(body) : undefined;
  if (sent === undefined) return 'body';
  return isOutermost ? sent : 'instance';
}

/** Whether the codec brings it back as it is, class and all. */
function isData(value: unknown, depth: number): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (depth > DEEPEST) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Date.prototype || prototype === Buffer.prototype || prototype === Uint8Array.prototype) {
    return true;
  }
  const inner = (part: unknown): boolean => isData(part, depth + 1);
  if (prototype === Array.prototype) return (value as unknown[]).every(inner);
  if (prototype === Map.prototype && types.isMap(value)) return [...value].flat().every(inner);
  if (prototype === Set.prototype && types.isSet(value)) return [...value].every(inner);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !('toJSON' in value) && Object.values(value).every(inner);
}

/** Streams, iterators, answers of `fetch` and the like are sent otherwise. */
function isSentAsJson(body: unknown): body is object {
  if (typeof body !== 'object' || body === null) return false;
  if (body instanceof Error || Object.prototype.toString.call(body) !== '[object Object]') {
    return Array.isArray(body);
  }
  const streams = ['pipe', 'getReader', 'getStream', Symbol.asyncIterator, Symbol.iterator];
  return !streams.some((name) => typeof Reflect.get(body, name) === 'function');
}

/** As it will be sent. What becomes a text or a number would be sent in another way. */
function asJson(body: object): { readonly body: unknown } | undefined {
  try {
    const sent: unknown = JSON.parse(JSON.stringify(body));
    return typeof sent === 'object' && sent !== null ? { body: sent } : undefined;
  } catch {
    return undefined;
  }
}
