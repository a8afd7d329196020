import { createHash } from 'node:crypto';
import { escape } from '../cache-key.js';
import { ContentText } from './content.text.js';

/** Longer ones are hashed. */
const READABLE = 256;

/** A longer text is no name that others stand under. */
const LONGEST_NAME = 128;

/**
 * The key of a call: `name`, and the arguments as text that is another one for other content; a hash of it when it is long.
 *
 * @throws PayloadError naming the argument that no key can be made of
 */
export function keyOfArguments(name: string, args: readonly unknown[]): string {
  const content = new ContentText('refused');
  return `${escape(name)}:${shortened(args.map((arg, index) => content.of(arg, `argument ${index + 1}`)))}`;
}

/**
 * A key of parts that somebody chose. A first one that is text is a name, as for a call, so that the key of a call can be
 * made with `['Products.find', 42]`. Instances of classes count by their properties.
 *
 * @throws PayloadError naming the part that no key can be made of
 */
export function keyOfParts(parts: readonly unknown[]): string {
  const content = new ContentText('as properties');
  const texts = parts.map((part, index) => content.of(part, `part ${index + 1} of the key`));
  const [name] = parts;
  if (typeof name !== 'string' || name.length > LONGEST_NAME) return shortened(texts);
  return `${escape(name)}:${shortened(texts.slice(1))}`;
}

function shortened(texts: readonly string[]): string {
  const text = `[${texts.join()}]`;
  return text.length <= READABLE ? text : `#${createHash('sha256').update(text).digest('base64url')}`;
}
