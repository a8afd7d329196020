/**
 * Another way to write payloads, results, progress, errors and log lines: `codec: { payload }` in `DepotModule.forRoot`.
 * All processes of an application need the same one. `undefined` never gets here: it is written as nothing.
 *
 * @example
 * const codec: PayloadCodec = { encode: (value) => superjson.stringify(value), decode: (text) => superjson.parse(text) };
 */
export interface PayloadCodec {
  /** The value as well-formed text. What can't be written has to throw. */
  encode(value: unknown): string;
  /** The value that was written as this text, which may be anybody's: check it. */
  decode(text: string): unknown;
}
