import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  NotFoundException,
  Req,
  Res,
  type CanActivate,
  type OnModuleDestroy,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { settled } from '../support/manual-clock.js';
import { PLATFORMS, startHttp, type Answer } from './cache-http.app.js';

interface Response {
  header(name: string, value: string): void;
}

/** Handlers wait here, and say how they end. As a guard, it counts who has come. */
@Injectable()
class Gate implements CanActivate, OnModuleDestroy {
  readonly calls: Deferred<void>[] = [];
  arrived = 0;

  canActivate(): boolean {
    this.arrived++;
    return true;
  }

  async pass(): Promise<number> {
    const end = new Deferred<void>();
    const number = this.calls.push(end);
    await end.promise;
    return number;
  }

  /** Lets the handlers go on that have begun, once there are so many. */
  async open(count: number, error?: Error): Promise<void> {
    await eventually(() => expect(this.calls.length).toBe(count), { within: 2_000 });
    for (const end of this.calls) {
      if (error) end.reject(error);
      else end.resolve();
    }
  }

  onModuleDestroy(): void {
    for (const end of this.calls) end.resolve();
  }
}

@Controller()
class SlowController {
  constructor(private readonly gate: Gate) {}

  @Get('shared')
  async shared(@Res({ passthrough: true }) response: Response) {
    response.header('X-Begun', 'yes');
    return { number: await this.gate.pass() };
  }

  @Get('cookie')
  async cookie(@Res({ passthrough: true }) response: Response) {
    const number = await this.gate.pass();
    response.header('Set-Cookie', `number=${number}`);
    return { number };
  }

  @Get('language')
  async language(
    @Req() { headers }: { headers: Record<string, string> },
    @Res({ passthrough: true }) response: Response,
  ) {
    const number = await this.gate.pass();
    response.header('Vary', 'accept-language');
    return { number, language: headers['accept-language'] };
  }
}

const numberOf = ({ text }: Answer): unknown => (JSON.parse(text) as { number?: unknown }).number;

describe.each(PLATFORMS)('requests at the same time on %s', (platform) => {
  async function start(cache = {}) {
    const http = await startHttp(platform, [SlowController], {
      cache: { report: true, ...cache },
      module: { providers: [Gate, { provide: APP_GUARD, useExisting: Gate }] },
    });
    const gate = http.app.get(Gate);
    /** All of them have reached the cache when it resolves. */
    const ask = async (path: string, headers: Record<string, string>[]) => {
      const count = gate.arrived + headers.length;
      const asked = headers.map((one) => http.get(path, one));
      await eventually(() => expect(gate.arrived).toBe(count), { within: 2_000 });
      await settled();
      return { answers: Promise.all(asked) };
    };
    return { http, gate, ask };
  }

  const many = (count: number) => Array.from({ length: count }, () => ({}));

  it('run the handler once', async () => {
    const { gate, ask } = await start();
    const asked = await ask('/shared', many(30));
    await gate.open(1);
    const answers = await asked.answers;
    expect(new Set(answers.map(numberOf))).toEqual(new Set([1]));
    expect(answers.filter(({ headers }) => headers['x-cache'] === 'MISS')).toHaveLength(1);
    expect(answers.map(({ headers }) => headers['x-begun'])).toEqual(answers.map(() => 'yes'));
    expect(gate.calls).toHaveLength(1);
  });

  it('run each their own handler when an answer is for one of them alone', async () => {
    const { gate, ask } = await start();
    const asked = await ask('/cookie', many(10));
    await gate.open(1);
    await gate.open(10);
    const answers = await asked.answers;
    expect(new Set(answers.map(numberOf)).size).toBe(10);
    for (const answer of answers) {
      expect(answer.headers['set-cookie']?.[0]).toMatch(`number=${String(numberOf(answer))}`);
    }
    // From then on they don't wait for each other.
    const later = await ask('/cookie', many(5));
    await gate.open(15);
    expect(new Set((await later.answers).map(numberOf)).size).toBe(5);
  });

  it('run one handler for each variant', async () => {
    const { gate, ask } = await start();
    const languages = Array.from({ length: 20 }, (_, at) => ({
      'accept-language': at % 2 === 0 ? 'de' : 'en',
    }));
    const asked = await ask('/language', languages);
    await gate.open(1);
    await gate.open(2);
    const answers = await asked.answers;
    answers.forEach(({ text }, at) => expect(text).toContain(languages[at]?.['accept-language']));
    expect(gate.calls).toHaveLength(2);
  });

  it('try each for themselves when a handler fails', async () => {
    const { gate, ask } = await start();
    const asked = await ask('/shared', many(3));
    await gate.open(1, new NotFoundException());
    await gate.open(3);
    const answers = await asked.answers;
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 404]);
  });

  it('do not store an answer that was invalidated while it was made', async () => {
    const { http, gate, ask } = await start({ tags: ['rates'] });
    const asked = await ask('/shared', many(1));
    await eventually(() => expect(gate.calls).toHaveLength(1));
    await http.cache.invalidateTags('rates');
    await gate.open(1);
    expect((await asked.answers).map(numberOf)).toEqual([1]);
    const later = await ask('/shared', many(1));
    await gate.open(2);
    expect((await later.answers).map(numberOf)).toEqual([2]);
    expect(numberOf(await http.get('/shared'))).toBe(2);
  });

  it('get the stale answer when the handler fails', async () => {
    const { gate, ask } = await start({ ttl: 1, grace: '1h' });
    const first = await ask('/shared', many(1));
    await gate.open(1);
    await first.answers;
    const asked = await ask('/shared', many(3));
    await gate.open(2, new Error('broken'));
    for (const answer of await asked.answers) {
      expect([answer.status, numberOf(answer)]).toEqual([200, 1]);
      expect(answer.headers['x-cache']).toBe('STALE');
      expect(answer.headers['cache-control']).toBe('public, max-age=0');
      expect(answer.headers['x-begun']).toBe('yes');
    }
  });

  it('get what the handler refuses, whatever is stale', async () => {
    const { gate, ask } = await start({ ttl: 1, grace: '1h' });
    const first = await ask('/shared', many(1));
    await gate.open(1);
    await first.answers;
    const asked = await ask('/shared', many(1));
    await gate.open(2, new NotFoundException());
    expect((await asked.answers).map(({ status }) => status)).toEqual([404]);
  });
});
