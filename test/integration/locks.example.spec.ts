import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Fence, Lock, LockService, LockTimeoutError, StaleTokenError } from 'nestjs-depot';
import { appModule, optionsFor, startApp } from '../support/app.js';
import { Deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { missingExamples } from '../support/examples.js';

let locks: LockService;
let build = (_signal: AbortSignal): Promise<string> => Promise.resolve('built');

@Injectable()
class Reports {
  constructor(private readonly locks: LockService) {}

  async replace(): Promise<string> {
    await using lock = await this.locks.acquire('report', { ttl: '10s', wait: '2s' });
    return await build(lock.signal); // awaited, or the lock would be released before
  }

  replaceOrThrow(): Promise<string> {
    return this.locks.run('report', { ttl: '30s', wait: 0 }, (lock) => build(lock.signal));
  }

  async replaceIfFree(): Promise<string | null> {
    await using lock = await this.locks.tryAcquire('report');
    return lock && (await build(lock.signal)); // null when somebody has it
  }
}

class Shelf {
  private readonly fence = new Fence();
  private readonly stock = new Map<string, number>();

  left(sku: string): number {
    return this.stock.get(sku) ?? 0;
  }

  /** @throws StaleTokenError when somebody with a later lock was here */
  put(sku: string, left: number, token: number): void {
    this.fence.admit(sku, token);
    this.stock.set(sku, left);
  }
}

async function sellOne(shelf: Shelf, sku: string, check: () => Promise<void>): Promise<number> {
  await using lock = await locks.acquire(`stock:${sku}`, { ttl: '10s' });
  const left = shelf.left(sku) - 1;
  await check(); // whatever happens meanwhile
  shelf.put(sku, left, lock.fencingToken);
  return left;
}

const booked: string[] = [];
const book = async (orderId: string, token: number): Promise<void> => {
  booked.push(orderId);
  expect((await locks.inspect(`order:${orderId}`))?.fencingToken).toBe(token);
};

async function pay(orderId: string, within?: Lock): Promise<void> {
  await using lock = await locks.acquire(`order:${orderId}`, { within }); // the lock itself, once more
  await book(orderId, lock.fencingToken);
}

async function checkOut(orderId: string): Promise<void> {
  await locks.run(`order:${orderId}`, {}, (lock) => pay(orderId, lock));
}

it('the examples of docs/locks.md are here', async () => {
  const specs = ['locks', 'locked'].map((name) => `test/integration/${name}.example.spec.ts`);
  expect(await missingExamples('docs/locks.md', ...specs)).toEqual([]);
});

describe.each(['embedded', 'redis'] as const)('the examples of docs/locks.md, %s', (engine) => {
  const open = async (): Promise<Reports> => {
    const app = await startApp(appModule(optionsFor(engine), [], { providers: [Reports] }));
    locks = app.get(LockService);
    return app.get(Reports);
  };

  afterEach(() => {
    build = () => Promise.resolve('built');
  });

  it('one report is built at a time', async () => {
    const reports = await open();
    const built = new Deferred<string>();
    build = () => built.promise;
    const first = reports.replace();
    await eventually(async () => expect(await locks.isHeld('report')).toBe(true));
    const second = reports.replace();

    await expect(reports.replaceOrThrow()).rejects.toThrow(LockTimeoutError);
    expect(await reports.replaceIfFree()).toBeNull();
    built.resolve('built');
    expect(await Promise.all([first, second])).toEqual(['built', 'built']);
    expect(await reports.replaceIfFree()).toBe('built');
  });

  it('who lost the lock is refused by the shelf', async () => {
    await open();
    const shelf = new Shelf();
    shelf.put('s', 2, 0);
    const late = sellOne(shelf, 's', async () => {
      // Somebody decides that the holder is gone, and is wrong.
      await locks.forceRelease('stock:s');
      expect(await sellOne(shelf, 's', () => Promise.resolve())).toBe(1);
    });

    await expect(late).rejects.toThrow(StaleTokenError);
    expect(shelf.left('s')).toBe(1);
  });

  it('both accounts are locked', async () => {
    await open();
    const [from, to] = ['2', '1'];
    const bank = {
      transfer: async (_from: string, _to: string, _amount: number, { tokens }: { tokens: number[] }) => {
        const held = await Promise.all(['account:1', 'account:2'].map((key) => locks.inspect(key)));
        expect(held.map((one) => one?.fencingToken)).toEqual(tokens);
      },
    };
    await using both = await locks.acquire([`account:${from}`, `account:${to}`], { wait: '5s' });
    await bank.transfer(from, to, 10, { tokens: both.locks.map((lock) => lock.fencingToken) });

    expect(both.keys).toEqual(['account:1', 'account:2']);
  });

  it('readers go together, writers alone, pages three at a time', async () => {
    await open();
    let inside = 0;
    let most = 0;
    const page = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
    };
    let readers = 0;
    const together = new Deferred<undefined>();
    const count = async (): Promise<number> => {
      if (++readers === 2) together.resolve(undefined);
      await together.promise;
      return readers--;
    };
    const change = (): void => expect(readers).toBe(0);
    const read = (): Promise<number> => locks.run('catalogue', { mode: 'read' }, count); // together with other readers
    const rebuild = (): Promise<void> => locks.run('catalogue', {}, change); // alone
    const print = (): Promise<void> => locks.run('printers', { permits: 3 }, page); // three at a time, in all processes
    const printBig = (): Promise<void> => locks.run('printers', { permits: 3, take: 2 }, page); // as two of them
    await Promise.all([read(), read(), rebuild(), ...Array.from({ length: 12 }, print)]);
    expect(most).toBe(3);
    most = 0;
    await Promise.all(Array.from({ length: 6 }, printBig));

    expect(most).toBe(1);
  });

  it('an order is paid within its lock', async () => {
    await open();
    booked.length = 0;
    await checkOut('7');
    await pay('7');

    expect(booked).toEqual(['7', '7']);
    expect(await locks.isHeld('order:7')).toBe(false);
  });
});
