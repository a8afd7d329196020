/** The cache itself, or a namespace in it. */
export interface KeySpace {
  /** Begins with the path of the space that it is in; empty for the cache itself. No two are the same. */
  readonly path: string;
  /** Paths of the namespaces that it is in, its own included. */
  readonly paths: readonly string[];
}

/**
 * The key as no other space has it. Those of the cache itself are as they are, which saves the most frequent look-up
 * from making text; only one that looks like a namespace's is told apart.
 */
export function idOf({ path }: KeySpace, key: string): string {
  if (path.length > 0) return `\0${path}\0${key}`;
  return key.charCodeAt(0) === 0 ? `\0\0${key}` : key;
}

export const WHOLE_CACHE: KeySpace = { path: '', paths: [] };

/** A namespace of the space. Its name's length comes first, so that no names run together into the same path. */
export function spaceIn(outer: KeySpace, name: string): KeySpace {
  const path = `${outer.path}${name.length}:${name}`;
  return { path, paths: [...outer.paths, path] };
}
