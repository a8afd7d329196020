import { beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { lastValueFrom, NEVER, Observable, of, Subject, take, toArray } from 'rxjs';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { HeldLock } from '../../../lib/lock/decorators/held-lock.decorator.js';
import { Locked } from '../../../lib/lock/decorators/locked.decorator.js';
import { LockConflictError } from '../../../lib/lock/lock.errors.js';
import { LockService } from '../../../lib/lock/lock.service.js';
import type { Lock } from '../../../lib/lock/lock.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { createApp } from './lock-app.js';

@Injectable()
class Ticks {
  calls = 0;
  source: Observable<number> = of(1, 2);

  @Locked({ key: (id) => `ticks:${id}` })
  ticks(_id: number, @HeldLock() lock?: Lock): Observable<number | string> {
    this.calls++;
    return new Observable((subscriber) => {
      subscriber.next(lock?.key ?? 'no lock');
      return this.source.subscribe(subscriber);
    });
  }

  @Locked({ key: (id) => `ticks:${id}`, onConflict: 'throw' })
  now(_id: number): Observable<number> {
    this.calls++;
    return this.source;
  }

  @Locked({ key: 'throws' })
  throws(): Observable<number> {
    throw new Error('no ticks');
  }

  /** As it is where the compiler leaves nothing of types. */
  @Locked({ key: 'undeclared' })
  @Reflect.metadata('design:returntype', undefined)
  undeclared(): Observable<number> {
    return this.source;
  }
}

let clock: ManualClock;
let ticks: Ticks;
let locks: LockService;

beforeEach(async () => {
  clock = new ManualClock();
  const app = await createApp([Ticks], { clock });
  [ticks, locks] = [app.get(Ticks), app.get(LockService)];
});

const isHeld = (): Promise<boolean> => locks.isHeld('ticks:1');

describe('a locked Observable', () => {
  test('is locked when it is subscribed, each time, and free once it is complete', async () => {
    const observable = ticks.ticks(1);
    await settled();
    expect([ticks.calls, await isHeld()]).toEqual([0, false]);

    for (const calls of [1, 2]) {
      expect(await lastValueFrom(observable.pipe(toArray()))).toEqual(['ticks:1', 1, 2]);
      expect([ticks.calls, await isHeld()]).toEqual([calls, false]);
    }
  });

  test('is held until its end, and others wait', async () => {
    const source = new Subject<number>();
    ticks.source = source;
    const seen: unknown[] = [];
    ticks.ticks(1).subscribe((value) => seen.push(value));
    const second = lastValueFrom(ticks.ticks(1).pipe(toArray()));
    await settled();
    source.next(7);
    expect([seen, ticks.calls, await isHeld()]).toEqual([['ticks:1', 7], 1, true]);
    ticks.source = of(9);
    source.complete();

    expect(await second).toEqual(['ticks:1', 9]);
    expect(await isHeld()).toBe(false);
  });

  test('is free when it fails', async () => {
    const source = new Subject<number>();
    ticks.source = source;
    const failed = lastValueFrom(ticks.ticks(1));
    await settled();
    source.error(new Error('no more'));

    await expect(failed).rejects.toThrow('no more');
    expect(await isHeld()).toBe(false);
  });

  test('is free when the method throws', async () => {
    await expect(lastValueFrom(ticks.throws())).rejects.toThrow('no ticks');

    expect(await locks.isHeld('throws')).toBe(false);
  });

  test('is free when nobody wants it any more', async () => {
    const source = new Subject<number>();
    ticks.source = source;
    const subscription = ticks.ticks(1).subscribe();
    await settled();
    expect([await isHeld(), source.observed]).toEqual([true, true]);
    subscription.unsubscribe();
    await settled();

    expect([await isHeld(), source.observed]).toEqual([false, false]);
  });

  test('is left in the middle of values that come at once', async () => {
    let made = 0;
    ticks.source = new Observable((subscriber) => {
      while (!subscriber.closed && made < 1_000) subscriber.next(++made);
    });

    expect(await lastValueFrom(ticks.now(1).pipe(take(3), toArray()))).toEqual([1, 2, 3]);
    await settled();
    expect([made, await isHeld()]).toEqual([3, false]);
  });

  test('whoever leaves while he waits leaves the queue', async () => {
    const held = await locks.acquire('ticks:1');
    const subscription = ticks.ticks(1).subscribe({ error: () => expect('an error').toBe('none') });
    await settled();
    expect(await locks.inspect('ticks:1')).toMatchObject({ waiters: 1 });
    subscription.unsubscribe();
    await settled();
    expect(await locks.inspect('ticks:1')).toMatchObject({ waiters: 0 });
    await held.release();

    expect([ticks.calls, await isHeld()]).toEqual([0, false]);
  });

  test('whoever leaves at once never has it', async () => {
    ticks.source = NEVER;
    ticks.ticks(1).subscribe().unsubscribe();
    ticks.now(2).subscribe().unsubscribe();
    await settled();

    expect([ticks.calls, await isHeld()]).toEqual([0, false]);
  });

  test('fails for want of the lock', async () => {
    await locks.acquire('ticks:1');

    await expect(lastValueFrom(ticks.now(1))).rejects.toThrow(LockConflictError);
  });
});

test('an Observable that is not known as one is an error, and is not subscribed', async () => {
  const called = Promise.resolve(ticks.undeclared());

  await expect(called).rejects.toThrow(DepotConfigError);
  await expect(called).rejects.toThrow(
    /^@Locked on Ticks\.undeclared: the method returns an Observable and is not declared to/,
  );
  expect(await locks.isHeld('undeclared')).toBe(false);
});

test('what may be one or a promise is an error when the class is defined', () => {
  const define = (): unknown => {
    class Either {
      @Locked({ key: 'k' })
      ticks(): Observable<number> | Promise<number> {
        return of(1);
      }
    }
    return Either;
  };

  expect(define).toThrow(DepotConfigError);
  expect(define).toThrow(/^@Locked on Either\.ticks: its return type is neither a promise nor an Observable/);
});
