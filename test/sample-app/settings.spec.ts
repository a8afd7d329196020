import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { readSettings } from '../../sample-app/config/settings.js';

describe('the settings of the sample app', () => {
  test('have defaults, and an empty variable counts as not set', () => {
    expect(readSettings({ PORT: '', REDIS_URL: '' })).toMatchObject({ PORT: 3000, WORKERS: 'all' });
    expect(readSettings({ REDIS_URL: '' })).not.toHaveProperty('REDIS_URL');
  });

  test('are converted from text', () => {
    expect(readSettings({ PORT: '0', CONCURRENCY: '7' })).toMatchObject({ PORT: 0, CONCURRENCY: 7 });
  });

  test.each([
    [{ PORT: '70000' }, 'PORT is "70000"; it must not be greater than 65535'],
    [{ PORT: 'http' }, 'PORT is "http"; it must be an integer number'],
    [{ CONCURRENCY: '0' }, 'CONCURRENCY is "0"; it must not be less than 1'],
    [{ CACHE_TTL: '10 minutes' }, 'CACHE_TTL is "10 minutes"; it must be a length of time'],
    [{ WORKERS: 'mail;reports' }, `WORKERS is "mail;reports"; it must be 'all', 'none' or names`],
    [{ MAIL_PER_SECOND: '0' }, 'MAIL_PER_SECOND is "0"; it must not be less than 1'],
    [{ TASK_KEYS: '2026-11:secret' }, 'TASK_KEYS is (hidden); it must be id:key with 32 bytes as base64'],
    [{ ADMIN_KEY: 'short' }, 'ADMIN_KEY is (hidden); it must be longer than or equal to 16'],
    [{ SMTP_URL: 'localhost' }, 'SMTP_URL is (hidden); it must start with smtp:// or smtps://'],
  ])('%j is refused with the name, the value and what is expected', (environment, message) => {
    expect(() => readSettings(environment)).toThrow(message);
  });

  test('an error never shows a password', () => {
    expect(() => readSettings({ REDIS_URL: 'http://user:secret@host' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });

  test('all that are wrong are named at once', () => {
    expect(() => readSettings({ PORT: 'x', CONCURRENCY: 'y' })).toThrow(/PORT is[^]*CONCURRENCY is/);
  });
});
