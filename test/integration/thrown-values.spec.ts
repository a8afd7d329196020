import { describe, expect, it } from '@jest/globals';
import { Processor, Task, TaskFailedError } from 'nestjs-depot';
import { appModule, ENGINES, optionsFor, queueOf, startApp } from '../support/app.js';

/** What handlers throw by mistake, or by way of odd packages. */
const THROWN = {
  nothing: () => undefined,
  text: () => 'just text',
  'an object without prototype': () => Object.create(null) as unknown,
  'an error whose stack is a list': () => Object.assign(new Error('x'), { stack: ['a', 'b'] }),
  'an error whose stack is a number': () => Object.assign(new Error('x'), { stack: 5 }),
  'an error whose message is a number': () => Object.assign(new Error(), { message: 42 }),
  'an error without message': () => Object.assign(new Error('x'), { message: undefined }),
  'an error whose name is a symbol': () => Object.assign(new Error('x'), { name: Symbol('odd') }),
  'an error whose message can not be read': () =>
    Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error('never');
      },
    }),
} as const;

type Thrown = keyof typeof THROWN;

@Processor('work')
class WorkProcessor {
  @Task()
  async run(what: Thrown): Promise<void> {
    throw THROWN[what]();
  }
}

describe.each(ENGINES)('a handler on the %s engine', (engine) => {
  it.each(Object.keys(THROWN) as Thrown[])('may throw %s', async (what) => {
    const options = optionsFor(engine, { shutdownTimeout: 200 });
    const app = await startApp(appModule(options, ['work'], { providers: [WorkProcessor] }));
    const queue = queueOf<WorkProcessor>(app, 'work');
    const handle = await queue.add('run', what);
    await expect(handle.result({ timeout: '1s' })).rejects.toThrow(TaskFailedError);
    expect(await queue.get(handle.id)).toMatchObject({
      state: 'dead',
      error: { name: expect.any(String), message: expect.any(String) },
    });
  });
});
