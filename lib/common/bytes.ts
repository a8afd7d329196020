import { DepotConfigError, show } from './errors.js';

const UNIT_BYTES = { b: 1, kb: 1_024, mb: 1_048_576 } as const;

type Unit = keyof typeof UNIT_BYTES;

/** A size: a number of bytes, or text such as `'500b'`, `'64kb'`, `'1.5mb'`. A kb is 1,024 bytes. */
export type ByteSize = number | `${number}${Unit}`;

const TEXT = /^(\d+(?:\.\d+)?)(b|kb|mb)$/;

/** The size in whole bytes. `name` says in the error which option is wrong. */
export function toBytes(value: unknown, name: string): number {
  const bytes = typeof value === 'string' ? bytesOf(value) : value;
  if (typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new DepotConfigError(
    `${name} is ${show(value)}; expected a whole number of bytes (0 or more) or text such as '500b', '64kb', '1mb'`,
  );
}

function bytesOf(text: string): number | undefined {
  const match = TEXT.exec(text);
  return match ? Math.round(Number(match[1]) * UNIT_BYTES[match[2] as Unit]) : undefined;
}
