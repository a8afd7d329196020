import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { ConfigService } from '@nestjs/config';
import { depotOptions } from '../../sample-app/config/depot.options.js';
import { readSettings, type Settings } from '../../sample-app/config/settings.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const OLDER = Buffer.alloc(32, 8).toString('base64url');

const optionsOf = (environment: Record<string, string>) =>
  depotOptions(
    new ConfigService<Settings, true>(Object.fromEntries(Object.entries(readSettings(environment)))),
  );

describe('the encryption of the sample app', () => {
  test('is off unless there are keys', () => {
    expect(optionsOf({}).codec).toEqual({});
    expect(optionsOf({ TASK_KEYS: '' }).codec).toEqual({});
  });

  test('writes with the first key and reads with all of them', () => {
    expect(optionsOf({ TASK_KEYS: `2026-11:${KEY},2025-11:${OLDER}` }).codec).toEqual({
      encrypt: {
        keys: [
          { id: '2026-11', key: KEY },
          { id: '2025-11', key: OLDER },
        ],
      },
    });
  });
});
