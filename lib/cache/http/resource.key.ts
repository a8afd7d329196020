import { createHash } from 'node:crypto';
import { unescape } from 'node:querystring';
import { headerOf, type HttpRequest } from './http.message.js';

/** Longer ones are cut, and end in a hash. It leaves room for the hash of a variant. */
const LONGEST = 900;
const READABLE = 400;
/** No path, query or name of a route has a space. */
const MARK = ' ~';

/**
 * The key of what a route says at an address. Parameters of the query are sorted by name; those of one name keep their
 * order, and so do `a=1&a[]=2`, which make up one value.
 */
export function resourceKey(route: string, origin: string, url: string): string {
  const [path = '', ...rest] = url.split('?');
  const query = sorted(rest.join('?'));
  return fitting(`${route}:${origin}${path}${query === '' ? '' : `?${query}`}`);
}

/** A key that is not too long: others are cut, and different ones stay different. */
export const fitting = (key: string): string =>
  key.length <= LONGEST ? key : `${key.slice(0, READABLE)}${MARK}${hashOf(key)}`;

/** One of the answers that a resource has: for those who are named by `scope`, and by the request's headers of these names. */
export interface Variant {
  /** Where it is stored. */
  readonly key: string;
  /** What it is. Keys may be made to look alike by whoever chooses the address; this can't. */
  readonly id: string;
}

/** @param vary lower-case names of headers, sorted */
export function variantOf(
  resource: string,
  scope: string | undefined,
  vary: readonly string[],
  request: HttpRequest,
): Variant {
  if (scope === undefined && vary.length === 0) return { key: resource, id: `=${resource}` };
  const values = vary.map((name) => [name, headerOf(request, name) ?? null]);
  // Hashed: a header or a scope may be a secret.
  const hash = hashOf(JSON.stringify([resource, scope ?? null, values]));
  return { key: `${resource}${MARK}${hash}`, id: `~${hash}` };
}

function sorted(query: string): string {
  const pieces = query.split('&').filter((piece) => piece !== '');
  return pieces
    .map((piece) => ({ piece, name: nameOf(piece) }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ piece }) => piece)
    .join('&');
}

/** The name that a parameter has for whoever reads it: `a` of `%61=1`, `a[]=1`, `a[x]=1` and `a.x=1`. */
function nameOf(piece: string): string {
  const [name = ''] = piece.split('=', 1);
  const [root = ''] = unescape(name.replaceAll('+', ' '))
    .replace(/^\[+/, '')
    .split(/[[\].]/, 1);
  return root;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
