/** What a producer may and may not write. */
import {
  duration,
  InjectQueue,
  Queue,
  type Duration,
  type PayloadOf,
  type ResultOf,
  type TaskHandle,
  type TaskName,
  type TaskType,
} from 'nestjs-depot';
import type { EmailProcessor, Receipt, Welcome } from './email.processor.js';
import { exactly, use } from './exactly.js';

interface SmsTasks {
  send: TaskType<{ phone: string }, { sid: string }>;
  'daily-report': TaskType;
}

export class SignupService {
  constructor(
    @InjectQueue('email') readonly email: Queue<EmailProcessor>,
    @InjectQueue('sms') readonly sms: Queue<SmsTasks>,
    @InjectQueue('anything') readonly untyped: Queue,
  ) {}

  async names(): Promise<void> {
    exactly<
      TaskName<EmailProcessor>,
      | 'welcome'
      | 'user.goodbye'
      | 'cleanup'
      | 'contextOnly'
      | 'contextFirst'
      | 'optional'
      | 'list'
      | 'synchronous'
    >(true);
    exactly<TaskName<SmsTasks>, 'send' | 'daily-report'>(true);
    exactly<TaskName<unknown>, string>(true);
    // @ts-expect-error there is no such method
    await this.email.add('welcom', { to: 'ann' });
    // @ts-expect-error an alias is for old tasks, not for new ones
    await this.email.add('greet', { to: 'ann' });
    // @ts-expect-error a private method is no task
    await this.email.add('helper', 1);
    // @ts-expect-error a hook of Nest is no task
    await this.email.add('onModuleInit');
    // @ts-expect-error a handler of events is no task
    await this.email.add('gaveUp', {});
    // @ts-expect-error the map has no such name
    await this.sms.add('sendAll', { phone: '1' });
  }

  async payloads(): Promise<void> {
    exactly<PayloadOf<EmailProcessor, 'welcome'>, Welcome>(true);
    exactly<PayloadOf<EmailProcessor, 'contextFirst'>, Welcome>(true);
    exactly<PayloadOf<EmailProcessor, 'contextOnly'>, undefined>(true);
    await this.email.add('welcome', { to: 'ann' });
    await this.email.add('cleanup');
    await this.email.add('cleanup', undefined, { delay: '1s' });
    await this.email.add('contextOnly');
    await this.email.add('contextFirst', { to: 'ann' });
    await this.email.add('optional');
    await this.email.add('optional', { yes: true });
    await this.email.add('list', [1, 2]);
    await this.sms.add('send', { phone: '1' });
    await this.sms.add('daily-report');
    await this.untyped.add('whatever', { any: 'thing' });
    await this.untyped.add('nothing');
    // @ts-expect-error a wrong property
    await this.email.add('welcome', { too: 'ann' });
    // @ts-expect-error a property of the wrong type
    await this.email.add('welcome', { to: 1 });
    // @ts-expect-error the payload is missing
    await this.email.add('welcome');
    // @ts-expect-error one item in place of the list
    await this.email.add('list', 1);
    // @ts-expect-error a payload where the handler takes none
    await this.email.add('cleanup', { to: 'ann' });
    // @ts-expect-error a property is missing, by the map
    await this.sms.add('send', {});
    // @ts-expect-error a payload where the map has none
    await this.sms.add('daily-report', { phone: '1' });
  }

  async results(): Promise<void> {
    exactly<ResultOf<EmailProcessor, 'welcome'>, Receipt>(true);
    exactly<ResultOf<EmailProcessor, 'synchronous'>, number>(true);
    const handle = await this.email.add('welcome', { to: 'ann' });
    exactly<typeof handle, TaskHandle<Receipt>>(true);
    const { messageId }: Receipt = await handle.result({ timeout: '30s' });
    const said: boolean = await (await this.email.add('user.goodbye', { to: messageId })).result();
    const sent: { sid: string } = await (await this.sms.add('send', { phone: String(said) })).result();
    // @ts-expect-error the receipt has no number
    const wrong: { messageId: number } = await handle.result();
    // @ts-expect-error the map says text
    const wrongByMap: { sid: number } = await (await this.sms.add('send', { phone: sent.sid })).result();
    // @ts-expect-error nobody knows the result of an untyped task
    const unknown: string = await (await this.untyped.add('whatever')).result();
    use(wrong, wrongByMap, unknown);
  }

  async options(): Promise<void> {
    await this.email.add('welcome', { to: 'ann' }, { delay: '10m', attempts: 3, id: 'ann', timeout: 500 });
    await this.email.add('welcome', { to: 'ann' }, { runAt: new Date(), backoff: '2s' });
    await this.email.add('cleanup', undefined, { backoff: { type: 'fixed', delay: '1s', jitter: 0.1 } });
    // @ts-expect-error there is no such unit
    await this.email.add('welcome', { to: 'ann' }, { delay: '10 minutes' });
    // @ts-expect-error a duration needs a unit
    await this.email.add('welcome', { to: 'ann' }, { delay: '10' });
    // @ts-expect-error a time is a Date
    await this.email.add('welcome', { to: 'ann' }, { runAt: '2030-01-01' });
    // @ts-expect-error there is no such option
    await this.email.add('welcome', { to: 'ann' }, { retries: 3 });
    // @ts-expect-error there is no such kind of backoff
    await this.email.add('welcome', { to: 'ann' }, { backoff: { type: 'linear' } });
    // @ts-expect-error how long to wait is a duration
    await (await this.email.add('cleanup')).result({ timeout: 'long' });
    // @ts-expect-error text that is only known at run time has to be checked
    const unchecked: Duration = process.env['DELAY'] ?? '1s';
    const checked: Duration = duration(process.env['DELAY'] ?? '1s');
    await this.email.add('cleanup', undefined, { delay: checked });
    use(unchecked);
  }

  async bulk(): Promise<void> {
    await this.email.addBulk([
      { name: 'welcome', payload: { to: 'ann' }, options: { delay: '1s' } },
      { name: 'cleanup' },
      { name: 'list', payload: [1] },
    ]);
    await this.untyped.addBulk([{ name: 'whatever', payload: 1 }]);
    // @ts-expect-error a wrong payload
    await this.email.addBulk([{ name: 'welcome', payload: { x: 1 } }]);
    // @ts-expect-error the payload of another task
    await this.email.addBulk([{ name: 'list', payload: { to: 'ann' } }]);
    // @ts-expect-error a payload is missing
    await this.email.addBulk([{ name: 'welcome' }]);
    // @ts-expect-error there is no such task
    await this.email.addBulk([{ name: 'welcom', payload: { to: 'ann' } }]);
    // @ts-expect-error a wrong unit
    await this.email.addBulk([{ name: 'cleanup', options: { delay: '1sec' } }]);
  }

  async states(): Promise<void> {
    const { waiting }: { readonly waiting: number } = await this.email.counts();
    await this.email.list('dead', { start: 0, stop: waiting });
    // @ts-expect-error there is no such state
    await this.email.list('finished');
    const snapshot = await this.email.get('id');
    // @ts-expect-error there may be none
    use(snapshot.state);
  }
}

/** Code for any queue takes a typed one. */
export const nameOf = (queue: Pick<Queue, 'name'>): string => queue.name;
export const nameOfEmail = (service: SignupService): string => nameOf(service.email);
