import { createHash } from 'node:crypto';
import type { HeaderValue } from './http.message.js';

/**
 * The tag of what is sent for a value. A weak one: how it is written, compressed for instance, is up to others.
 * `undefined` for what JSON can't say.
 */
export function etagOf(body: unknown, type: HeaderValue | undefined): string | undefined {
  const hash = createHash('sha256').update(`${typeof body} ${String(type ?? '')}\n`);
  try {
    hash.update(body instanceof Uint8Array || typeof body === 'string' ? body : JSON.stringify(body));
  } catch {
    return undefined;
  }
  return `W/"${hash.digest('base64url').slice(0, 27)}"`;
}

/** Whether the client that sent this `If-None-Match` has the answer already. Compared weakly, as RFC 9110 has it. */
export function hasAlready(ifNoneMatch: string | undefined, etag: string | null): boolean {
  if (ifNoneMatch === undefined || etag === null) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const wanted = opaque(etag);
  return (ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => opaque(tag) === wanted);
}

const opaque = (tag: string): string => tag.replace(/^W\//, '');
