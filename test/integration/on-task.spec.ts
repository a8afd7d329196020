import { describe, expect, it } from '@jest/globals';
import { Inject } from '@nestjs/common';
import { OnTask, Processor, Task, TaskEvent } from 'nestjs-depot';
import { RecordingLogger } from '../support/recording-logger.js';
import { appModule, closeApp, ENGINES, optionsFor, queueOf, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

/** What event handlers were told, by all of the processes of a test. */
const LEDGER = 'ledger';

@Processor('mail')
class MailProcessor {
  constructor(@Inject(LEDGER) readonly ledger: string[]) {}

  @Task({ attempts: 2, backoff: 1 })
  async send(to: string): Promise<string> {
    if (to.startsWith('bad')) throw new Error(`${to} is no address`);
    return `sent to ${to}`;
  }

  @OnTask('completed')
  async sent(event: TaskEvent<string, string>): Promise<void> {
    this.ledger.push(`sent ${event.name} ${event.payload}: ${event.result}`);
  }

  @OnTask('dead')
  async gaveUp(event: TaskEvent<string, string>): Promise<void> {
    this.ledger.push(`gave up ${event.payload} after ${event.attempt}: ${event.error?.message}`);
  }
}

/** Serves the same queue, and is told of some of the same events. */
@Processor('mail')
class AuditProcessor {
  failures = 0;
  constructor(@Inject(LEDGER) readonly ledger: string[]) {}

  @OnTask('dead', { attempts: 3, backoff: 1 })
  async audit(event: TaskEvent): Promise<void> {
    if (++this.failures < 3) throw new Error('the audit is away');
    this.ledger.push(`audited ${event.taskId}`);
  }
}

describe.each(ENGINES)('@OnTask on the %s engine', (engine) => {
  function mailing(options = optionsFor(engine)) {
    const ledger: string[] = [];
    const provided = { provide: LEDGER, useValue: ledger };
    const start = (...providers: (typeof MailProcessor | typeof AuditProcessor)[]) =>
      startApp(appModule(options, ['mail'], { providers: [provided, ...providers] }));
    return { ledger, start, options };
  }

  it('is told of what happens, with payload, result and error', async () => {
    const { ledger, start } = mailing();
    const queue = queueOf<MailProcessor>(await start(MailProcessor), 'mail');
    await queue.addBulk([
      { name: 'send', payload: 'ann' },
      { name: 'send', payload: 'bad' },
    ]);
    await eventually(() =>
      expect([...ledger].sort()).toEqual([
        'gave up bad after 2: bad is no address',
        'sent send ann: sent to ann',
      ]),
    );
  });

  it('is told in each class, and a handler that fails is tried again alone', async () => {
    const { ledger, start } = mailing();
    const queue = queueOf<MailProcessor>(await start(MailProcessor, AuditProcessor), 'mail');
    const { id } = await queue.add('send', 'bad');
    await eventually(() =>
      expect([...ledger].sort()).toEqual([`audited ${id}`, 'gave up bad after 2: bad is no address']),
    );
  });

  it('has the failures of event handlers logged, by class and method', async () => {
    const logger = new RecordingLogger();
    const { ledger, start } = mailing(optionsFor(engine, { logger }));
    const queue = queueOf<MailProcessor>(await start(MailProcessor, AuditProcessor), 'mail');
    const { id } = await queue.add('send', 'bad');
    await eventually(() => expect(ledger).toContain(`audited ${id}`));
    const line = `AuditProcessor.audit failed on 'dead' of task ${id}: the audit is away`;
    expect(logger.errors).toEqual([line, line]);
  });
});

describe('@OnTask across processes', () => {
  it('is told once of each event, in one of them, whoever ran the task', async () => {
    const options = optionsFor('redis');
    const ledger: string[] = [];
    const module = () =>
      appModule(options, ['mail'], {
        providers: [{ provide: LEDGER, useValue: ledger }, MailProcessor],
      });
    const first = await startApp(module());
    await startApp(module());
    const queue = queueOf<MailProcessor>(first, 'mail');
    const payloads = Array.from({ length: 100 }, (_, i) => `to${i}`);
    await queue.addBulk(payloads.map((payload) => ({ name: 'send', payload })));
    await eventually(() => expect(ledger.length).toBeGreaterThanOrEqual(100));
    await closeApp(first);
    expect([...ledger].sort()).toEqual(payloads.map((to) => `sent send ${to}: sent to ${to}`).sort());
  });

  it('is told of what happened while nobody was there who could hear of it', async () => {
    const options = optionsFor('redis');
    const ledger: string[] = [];
    const providers = [{ provide: LEDGER, useValue: ledger }, MailProcessor];
    const module = appModule(options, ['mail'], { providers });
    await closeApp(await startApp(module));
    @Processor('mail')
    class Deaf {
      @Task() async send(): Promise<void> {}
    }
    const deaf = await startApp(appModule(options, ['mail'], { providers: [Deaf] }));
    await (await queueOf(deaf, 'mail').add('send', 'ann')).result();
    expect(ledger).toEqual([]);
    await startApp(module);
    await eventually(() => expect(ledger).toEqual(['sent send ann: undefined']));
  });
});
