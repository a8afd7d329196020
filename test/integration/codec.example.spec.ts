import { expect, it } from '@jest/globals';
import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { DepotModule, Payload, Processor, Task, type PayloadCodec } from 'nestjs-depot';
import { queueOf, startApp } from '../support/app.js';
import { missingExamples } from '../support/examples.js';

/** Stands for the package of that name, which knows dates, too. */
const superjson = {
  written: 0,
  stringify(value: unknown): string {
    this.written++;
    return JSON.stringify({ date: value instanceof Date, json: value });
  },
  parse(text: string): unknown {
    const { date, json } = JSON.parse(text) as { readonly date: boolean; readonly json: unknown };
    return date ? new Date(String(json)) : json;
  },
};

@Processor('notes')
class NotesProcessor {
  @Task()
  async keep(@Payload() note: unknown): Promise<unknown> {
    return note;
  }
}

/** The module of an application with this depot. */
function applicationOf(depot: DynamicModule, taskKey?: string) {
  @Module({
    imports: [
      ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [() => ({ TASK_KEY: taskKey })] }),
      depot,
      DepotModule.registerQueue({ name: 'notes' }),
    ],
    providers: [NotesProcessor],
  })
  class AppModule {}
  return AppModule;
}

async function kept(depot: DynamicModule, note: unknown, taskKey?: string): Promise<unknown> {
  const app = await startApp(applicationOf(depot, taskKey));
  return (await queueOf<NotesProcessor>(app, 'notes').add('keep', note)).result();
}

const compressing = (): DynamicModule => {
  return DepotModule.forRoot({ codec: { compress: { above: '64kb' } } });
};

const encrypting = (): DynamicModule => {
  return DepotModule.forRootAsync({
    inject: [ConfigService],
    useFactory: (config: ConfigService) => ({
      codec: { encrypt: { keys: [{ id: '2026-11', key: config.getOrThrow('TASK_KEY') }] } },
    }),
  });
};

const writingOtherwise = (): DynamicModule => {
  const payload: PayloadCodec = {
    encode: (value) => superjson.stringify(value),
    decode: (text) => superjson.parse(text),
  };
  DepotModule.forRoot({ codec: { payload } });
  return DepotModule.forRoot({ codec: { payload } });
};

it('the examples of docs/codec.md are the ones that run here', async () => {
  expect(await missingExamples('docs/codec.md', 'test/integration/codec.example.spec.ts')).toEqual([]);
});

it('what is compressed comes back as it was', async () => {
  const note = { text: 'the same again and again, '.repeat(10_000), at: new Date(5) };
  expect(await kept(compressing(), note)).toEqual(note);
});

it('what is encrypted comes back as it was, with a key that is one', async () => {
  const note = { text: 'nobody else', at: new Date(5) };
  expect(await kept(encrypting(), note, Buffer.alloc(32, 'k').toString('base64'))).toEqual(note);
  await expect(kept(encrypting(), note)).rejects.toThrow('TASK_KEY');
  await expect(kept(encrypting(), note, 'too short')).rejects.toThrow('codec.encrypt.keys');
});

it('a codec of the own writes and reads every value', async () => {
  const date = new Date(5);
  expect(await kept(writingOtherwise(), date)).toEqual(date);
  expect(superjson.written).toBe(2);
});
