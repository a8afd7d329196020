/** The process that a `BenchProcess` starts: serves the functions of a role's module by their names. */
import { startProfile, stopProfile } from './profile.js';
import type { Answer, Ask, Tell } from '../../test/support/conversation.js';

type Role = Readonly<Record<string, ((...args: readonly unknown[]) => unknown) | undefined>>;

const OF_EVERY_ROLE: Role = {
  startProfile: () => startProfile(),
  stopProfile: (file) => stopProfile(file as string),
  collectGarbage: () => globalThis.gc?.(),
  heapUsed: () => process.memoryUsage().heapUsed,
};

const role = (await import(process.argv[2] ?? '')) as Role;

process.on('message', ({ ask, method, args }: Ask) => {
  void answer(method, args).then((outcome) => process.send?.({ answer: ask, ...outcome } satisfies Answer));
});
// Whoever asks is gone.
process.on('disconnect', () => process.exit(1));
process.send?.({ tell: 'ready', value: undefined } satisfies Tell);

async function answer(method: string, args: readonly unknown[]): Promise<Omit<Answer, 'answer'>> {
  try {
    const call = role[method] ?? OF_EVERY_ROLE[method];
    if (!call) throw new Error(`there is no ${method}`);
    return { value: await call(...args) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
