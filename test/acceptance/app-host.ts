/** The other half of `AppProcess`: what an application of apps/ does when it is asked. */
import type { INestApplicationContext, Type } from '@nestjs/common';
import type { Answer, Ask, Tell } from '../support/conversation.js';
import { startApplication } from './application.js';

type Methods = Readonly<Record<string, (argument: never) => unknown>>;

/** What `AppProcess.start` was given. */
export const settings = (): unknown => JSON.parse(process.argv[2] ?? '{}');

/** Runs the module's application from `start` until `close`, and answers with `methods` in between. */
export function host(module: Type, methods: (app: INestApplicationContext) => Methods): void {
  let app: INestApplicationContext | undefined;
  let own: Methods = {};
  let closed = false;
  const lifecycle: Methods = {
    start: async () => {
      app = await startApplication(module);
      own = methods(app);
    },
    close: async () => {
      await app?.close();
      closed = true;
    },
  };
  process.on('message', ({ ask, method, args: [argument] }: Ask) => {
    void answer(lifecycle[method] ?? own[method], argument).then((outcome) =>
      process.send?.({ answer: ask, ...outcome } satisfies Answer),
    );
  });
  process.on('disconnect', () => {
    // Closed: it ends by itself, or something of it is still running. Not closed: whoever asks is gone.
    if (!closed) process.exit(1);
  });
}

export function tell(name: string, value: unknown): void {
  process.send?.({ tell: name, value } satisfies Tell);
}

async function answer(
  method: Methods[string] | undefined,
  argument: unknown,
): Promise<Omit<Answer, 'answer'>> {
  try {
    if (!method) throw new Error('there is no such method');
    return { value: await method(argument as never) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
