import { describe, expect, it } from '@jest/globals';
import { codecSettings, type CodecOptions } from '../../../lib/codec/codec.options.js';
import { toBytes } from '../../../lib/common/bytes.js';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { depotSettings } from '../../../lib/depot.settings.js';

const KEY = Buffer.alloc(32, 7);
const SECRET = 'c2VjcmV0IHNlY3JldCBzZWNyZXQ';

const refusal = (codec: unknown): string => {
  try {
    codecSettings(codec as CodecOptions, 1_000);
  } catch (error) {
    expect(error).toBeInstanceOf(DepotConfigError);
    return (error as Error).message;
  }
  throw new Error('it was taken');
};

const keys = (...entries: readonly unknown[]): unknown => ({ encrypt: { keys: entries } });

describe('the codec option', () => {
  it.each<[unknown, string]>([
    ['json', 'codec is text of 4 characters; expected an object'],
    [null, 'codec is null; expected an object'],
    [[], 'codec is an array; expected an object'],
    [{ encryption: {} }, "codec has no option 'encryption'; there are: payload, compress, encrypt"],
    [
      { payload: 'superjson' },
      'codec.payload is text of 9 characters; expected an object with encode and decode',
    ],
    [
      { payload: { encode: String } },
      'codec.payload is an object; expected an object with encode and decode',
    ],
    [{ compress: true }, 'codec.compress is true; expected an object'],
    [{ compress: { over: 1 } }, "codec.compress has no option 'over'; there are: above, level, max"],
    [
      { compress: { above: '64 kb' } },
      "codec.compress.above is \"64 kb\"; expected a whole number of bytes (0 or more) or text such as '500b', '64kb', '1mb'",
    ],
    [{ compress: { above: -1 } }, 'codec.compress.above is -1; expected a whole number of bytes'],
    [{ compress: { level: 0 } }, 'codec.compress.level is 0; expected a whole number from 1 to 9'],
    [{ compress: { level: 10 } }, 'codec.compress.level is 10; expected'],
    [{ compress: { max: 0 } }, 'codec.compress.max is 0; expected a whole number from 1 to 536870912'],
    [{ compress: { max: '1gb' } }, 'codec.compress.max is "1gb"; expected'],
    [
      { encrypt: {} },
      'codec.encrypt.keys is undefined; expected an array of { id, key }, the one that writes first',
    ],
    [{ encrypt: { keys: [] } }, 'codec.encrypt.keys is empty; expected an array'],
    [{ encrypt: { keys: SECRET } }, 'codec.encrypt.keys is text of 27 characters; expected an array'],
    [{ encrypt: { key: KEY } }, "codec.encrypt has no option 'key'; there are: keys, required, write"],
    [{ encrypt: SECRET }, 'codec.encrypt is text of 27 characters; expected an object'],
    [keys(SECRET), 'codec.encrypt.keys[0] is text of 27 characters; expected an object'],
    [keys({ id: 'a', key: KEY, old: true }), "codec.encrypt.keys[0] has no option 'old'; there are: id, key"],
    [keys({ key: KEY }), 'codec.encrypt.keys[0].id is undefined; expected 1 to 32 letters, digits, - and _'],
    [
      keys({ id: 'a.b', key: KEY }),
      'codec.encrypt.keys[0].id is text of 3 characters; expected 1 to 32 letters',
    ],
    [keys({ id: 'k'.repeat(33), key: KEY }), 'codec.encrypt.keys[0].id is text of 33 characters; expected'],
    [
      keys({ id: 'a', key: KEY }, { id: 'b', key: KEY.subarray(1) }),
      'codec.encrypt.keys[1].key is 31 bytes long; expected 32 bytes, or base64 text of 32 bytes (44 characters)',
    ],
    [
      keys({ id: 'a', key: Buffer.alloc(33) }),
      'codec.encrypt.keys[0].key is 33 bytes long; expected 32 bytes',
    ],
    [
      keys({ id: 'a', key: '' }),
      'codec.encrypt.keys[0].key is text of 0 characters that is no base64; expected',
    ],
    [
      keys({ id: 'a', key: `${SECRET}\n` }),
      'codec.encrypt.keys[0].key is text of 28 characters that is no base64',
    ],
    [keys({ id: 'a', key: SECRET }), 'codec.encrypt.keys[0].key is 20 bytes long; expected 32 bytes'],
    [
      keys({ id: 'a', key: KEY.toString('hex') }),
      'codec.encrypt.keys[0].key is 48 bytes long; expected 32 bytes',
    ],
    [keys({ id: 'a', key: 1234 }), 'codec.encrypt.keys[0].key is a number; expected 32 bytes'],
    [keys({ id: 'a' }), 'codec.encrypt.keys[0].key is undefined; expected 32 bytes'],
    [
      keys({ id: 'a', key: KEY }, { id: 'a', key: KEY }),
      "codec.encrypt.keys[1].id is 'a', as that of another key; expected one of its own",
    ],
    [
      { encrypt: { keys: [{ id: 'a', key: KEY }], required: 'yes' } },
      'codec.encrypt.required is text of 3 characters; expected true or false',
    ],
    [
      { encrypt: { keys: [{ id: 'a', key: KEY }], write: 1 } },
      'codec.encrypt.write is a number; expected true or false',
    ],
  ])('refuses %p', (codec, message) => {
    expect(refusal(codec)).toContain(message);
    expect(refusal(codec)).not.toContain(SECRET.slice(0, 8));
  });

  it('is part of the settings, which do not show it', () => {
    const settings = depotSettings({ codec: { encrypt: { keys: [{ id: 'k1', key: KEY }] } } });
    expect(settings.codec.encode('x', 'it')).toMatch(/^~1e:k1\./);
    expect(JSON.stringify(settings.codec)).toBe('{}');
    expect(() => depotSettings({ codec: { encrypt: { keys: [] } } })).toThrow(DepotConfigError);
    expect(depotSettings({}).codec.encode('x', 'it')).toBe('"x"');
  });

  it('lets no more be decompressed than tasks.maxPayload, unless it says so', () => {
    const long = 'x'.repeat(5_000);
    const text = depotSettings({ codec: { compress: { above: 0 } } }).codec.encode(long, 'it');
    const reader = (codec: CodecOptions) => depotSettings({ tasks: { maxPayload: 5_001 }, codec }).codec;
    expect(() => reader({}).decode(text, 'it')).toThrow(/more than 5001 bytes when decompressed/);
    expect(reader({ compress: { max: 5_002 } }).decode(text, 'it')).toBe(long);
  });
});

describe('a size', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [17, 17],
    ['500b', 500],
    ['64kb', 65_536],
    ['1.5mb', 1_572_864],
  ])('%p is %d bytes', (given, bytes) => {
    expect(toBytes(given, 'size')).toBe(bytes);
  });

  it.each([
    -1,
    0.5,
    Number.NaN,
    Infinity,
    '',
    '64',
    '64KB',
    '64 kb',
    '-1kb',
    '0x1kb',
    '1e3b',
    '99999999999999mb',
    null,
    true,
  ])('is not %p', (given) => {
    expect(() => toBytes(given, 'size')).toThrow(DepotConfigError);
  });
});
