/** Where keys come from: an array, a Set, a generator, a stream of rows. */
export type KeySource = Iterable<string> | AsyncIterable<string>;

type Take = (chunk: readonly string[]) => Promise<void>;

/**
 * Hands on what the source gives, so many at once; the next ones are asked for when those are done.
 *
 * @throws the signal's reason as soon as it aborts, even while the source is silent; the source is told to end
 */
export async function takeChunks(
  source: KeySource,
  size: number,
  signal: AbortSignal | undefined,
  take: Take,
): Promise<void> {
  const chunks = new Chunks(size, signal, take);
  if (Symbol.asyncIterator in Object(source)) await drain(source as AsyncIterable<string>, signal, chunks);
  else for (const key of source as Iterable<string>) if (chunks.add(key)) await chunks.flush();
  await chunks.flush();
}

class Chunks {
  private keys: string[] = [];

  constructor(
    private readonly size: number,
    private readonly signal: AbortSignal | undefined,
    private readonly take: Take,
  ) {}

  /** Whether it is time to flush. */
  add(key: string): boolean {
    return this.keys.push(key) >= this.size;
  }

  async flush(): Promise<void> {
    this.signal?.throwIfAborted();
    const { keys } = this;
    this.keys = [];
    if (keys.length > 0) await this.take(keys);
  }
}

async function drain(
  source: AsyncIterable<string>,
  signal: AbortSignal | undefined,
  chunks: Chunks,
): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  let interrupt: () => void = () => undefined;
  const stop = (): void => interrupt();
  signal?.addEventListener('abort', stop);
  // One promise for each key and none for all of them: racing with one that lives long would pile up in it.
  const next = (): Promise<IteratorResult<string>> =>
    new Promise((resolve, reject) => {
      interrupt = () => reject(reasonOf(signal));
      iterator.next().then(resolve, reject);
    });
  let left = true;
  try {
    for (let result = await next(); result.done !== true; result = await next()) {
      if (chunks.add(result.value)) await chunks.flush();
    }
    left = false;
  } finally {
    signal?.removeEventListener('abort', stop);
    // Not awaited: a generator that hangs does not get there.
    if (left) iterator.return?.().catch(() => undefined);
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason as Error;
}
