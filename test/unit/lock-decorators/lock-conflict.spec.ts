import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { acquireOrConflict } from '../../../lib/lock/lock.conflict.js';
import { LockConflictError, LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene } from '../lock/lock.scene.js';

let scene: LockScene;

beforeEach(() => {
  scene = new LockScene();
});
afterEach(() => scene.close());

const attempt = (wait: number): Promise<unknown> =>
  acquireOrConflict(scene.locks, 'k', { wait }, () => 7).then(
    (lock) => lock.release(),
    (error: unknown) => error,
  );

test('a lock that is free is granted', async () => {
  expect(await attempt(0)).toBe(true);
});

test('one that somebody has is a conflict, at once or after a while', async () => {
  await scene.taken();
  expect(await attempt(0)).toMatchObject({ name: 'LockConflictError', key: 'k', deferMs: 7 });
  const waiting = attempt(1_000);
  await scene.clock.advance(1_000);

  expect(await waiting).toBeInstanceOf(LockConflictError);
  await scene.given();
});

test('that the engine went away while it waited is none', async () => {
  await scene.taken();
  const waiting = attempt(60_000);
  await settled();
  scene.store.away = 'before';
  await scene.clock.advance(60_000);

  expect(await waiting).toBeInstanceOf(LockTimeoutError);
  scene.store.away = 'no';
  await scene.given();
});

test('what else goes wrong is no conflict either', async () => {
  scene.store.away = 'before';
  const failed = await attempt(0);
  scene.store.away = 'no';

  expect(failed).toMatchObject({ code: 'DEPOT_ENGINE_UNAVAILABLE' });
});
