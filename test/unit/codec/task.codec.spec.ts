import { inspect } from 'node:util';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codecSettings, type CodecOptions } from '../../../lib/codec/codec.options.js';
import { encode } from '../../../lib/common/codec.js';
import { PayloadError, PayloadKeyError } from '../../../lib/common/errors.js';
import { TaskCodec } from '../../../lib/task/task.codec.js';

const KEY_1 = Buffer.alloc(32, 'first key of mine');
const KEY_2 = Buffer.alloc(32, 'and a second one');

const k1 = { id: 'k1', key: KEY_1 };
const k2 = { id: 'k2', key: KEY_2.toString('base64') };

const codec = (options: CodecOptions, maxPayload = 1_048_576): TaskCodec =>
  new TaskCodec(codecSettings(options, maxPayload));

const encrypting = codec({ encrypt: { keys: [k1] } });
const compressing = codec({ compress: { above: 100 } });
const both = codec({ compress: { above: 100 }, encrypt: { keys: [k1] } });

const ORDER = { to: 'ann@example.com', at: new Date(5), total: 99n };
const LONG = { lines: Array.from({ length: 50 }, (_, n) => `line ${n} of many that look alike`) };

function refusal(call: () => unknown): PayloadError {
  try {
    call();
  } catch (error) {
    if (error instanceof PayloadError) return error;
    throw error;
  }
  throw new Error('it was read');
}

const body = (text: string): Buffer => Buffer.from(text.slice(text.indexOf('.') + 1), 'base64url');

describe('a codec without options', () => {
  it.each([[ORDER], [LONG], [undefined], [new Float64Array(2)]])(
    'writes what the built-in one writes',
    (value) => {
      for (const plain of [TaskCodec.plain, codec({})]) {
        expect(plain.encode(value, 'it')).toBe(encode(value));
        expect(plain.decode(encode(value), 'it')).toStrictEqual(value);
      }
    },
  );

  it('tells which texts an older worker can not read', () => {
    expect(TaskCodec.plain.needsNewReader(encode(ORDER))).toBe(false);
    expect(TaskCodec.plain.needsNewReader(encode(/x/))).toBe(true);
    expect(encrypting.needsNewReader(encrypting.encode(1, 'it'))).toBe(true);
    expect(compressing.needsNewReader(compressing.encode(ORDER, 'it'))).toBe(false);
    expect(compressing.needsNewReader(compressing.encode(LONG, 'it'))).toBe(true);
  });

  it('reads what was compressed elsewhere', () => {
    expect(TaskCodec.plain.decode(compressing.encode(LONG, 'it'), 'it')).toEqual(LONG);
  });

  it('says which key it would need', () => {
    const error = refusal(() => TaskCodec.plain.decode(encrypting.encode(ORDER, 'it'), 'payload of task 7'));
    expect(error).toBeInstanceOf(PayloadKeyError);
    expect(error.message).toBe(
      "payload of task 7 can't be read: it is encrypted with key 'k1'; codec.encrypt is not set here",
    );
  });
});

describe('compression', () => {
  it('makes long texts shorter and gives them back', () => {
    const text = compressing.encode(LONG, 'it');
    expect(text).toMatch(/^~1z\.[A-Za-z0-9_-]+$/);
    expect(text.length).toBeLessThan(encode(LONG).length / 3);
    expect(compressing.decode(text, 'it')).toEqual(LONG);
  });

  it('leaves short texts as they are, and such as would become longer', () => {
    const edge = 'x'.repeat(98);
    expect(compressing.encode(edge, 'it')).toBe(encode(edge));
    expect(compressing.encode(`${edge}x`, 'it')).toMatch(/^~1z/);
    const noise = Buffer.from(Array.from({ length: 300 }, (_, n) => (n * n * 7919) % 251)).toString('base64');
    const text = compressing.encode(noise, 'it');
    expect(text).toBe(encode(noise));
  });

  it('never makes a text longer', () => {
    const eager = codec({ compress: { above: 0 } });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat({ max: 5 }), (part, times) => {
        const value = part.repeat(times);
        const text = eager.encode(value, 'it');
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(Buffer.byteLength(encode(value)));
        expect(eager.decode(text, 'it')).toBe(value);
      }),
      { numRuns: 100 },
    );
  });

  it('counts what is stored, and what there was before', () => {
    const roomy = codec({ compress: { above: 0, max: '4kb' } }, 1_000);
    const value = 'x'.repeat(3_000);
    const text = roomy.encode(value, 'it', 1_000);
    expect(text.length).toBeLessThan(100);
    expect(roomy.decode(text, 'it')).toBe(value);

    expect(() => roomy.encode('x'.repeat(4_095), 'it', 1_000)).toThrow(
      'it is 4097 bytes serialised; at most 4096 are allowed',
    );
    const noise = Array.from({ length: 500 }, (_, n) => (n * n * 7919) % 9973);
    expect(() => roomy.encode(noise, 'it', 1_000)).toThrow(
      /^it is 1\d\d\d bytes as stored, 2\d\d\d before compression and encryption; at most 1000 are allowed$/,
    );
    // Nobody says more: what was allowed without compression is allowed with it.
    const strict = codec({ compress: { above: 0 } }, 1_000);
    expect(() => strict.encode('x'.repeat(999), 'it', 1_000)).toThrow(
      'it is 1001 bytes serialised; at most 1000',
    );
  });

  it('compresses nothing that it would not decompress', () => {
    const small = codec({ compress: { above: 0, max: 50 } }, 1_000);
    const line = 'x'.repeat(100);
    expect(small.encode(line, 'a log line')).toBe(encode(line));
    expect(small.encode('x'.repeat(40), 'a log line')).toMatch(/^~1z/);
  });

  it.each([
    ['', compressing],
    ['e', both],
  ])('refuses bombs before they go off (~1z%s)', (_, reader) => {
    const roomy = codec({ compress: { max: '64mb' }, encrypt: { keys: [k1] } }, 67_108_864);
    const bomb =
      reader === compressing
        ? `~1z.${deflateSync(Buffer.alloc(32_000_000, 'x')).toString('base64url')}`
        : roomy.encode('x'.repeat(32_000_000), 'it');
    expect(bomb.length).toBeLessThan(500_000);
    const before = process.memoryUsage.rss();
    const error = refusal(() => reader.decode(bomb, 'payload of task 7'));
    expect(process.memoryUsage.rss() - before).toBeLessThan(16_000_000);
    expect(error.message).toBe(
      "payload of task 7 can't be read: it is more than 1048576 bytes when decompressed; at most so many are allowed (codec.compress.max, else tasks.maxPayload)",
    );
  });

  it('says when bytes are damaged', () => {
    const text = compressing.encode(LONG, 'it');
    for (const damaged of [
      `${text.slice(0, 40)}AAAA${text.slice(44)}`,
      text.slice(0, 48),
      '~1z.',
      '~1z.AAAA',
    ]) {
      expect(refusal(() => compressing.decode(damaged, 'it')).message).toBe(
        "it can't be read: its compressed bytes are damaged",
      );
    }
  });
});

describe('encryption', () => {
  it.each([ORDER, LONG, null, '', 0, new Map([[1, /x/]])])('gives back what it hid: %p', (value) => {
    for (const writer of [encrypting, both]) {
      const text = writer.encode(value, 'it');
      expect(text).toMatch(/^~1z?e:k1\.[A-Za-z0-9_-]{38,}$/);
      const bytes = Buffer.from(text.slice(text.indexOf('.') + 1), 'base64url');
      // With the quote: of three letters alone, so long a text has some by chance.
      expect(text + bytes.toString('latin1')).not.toMatch(/"ann|that look alike/);
      expect(encrypting.decode(text, 'it')).toStrictEqual(value);
    }
  });

  it('writes nothing as nothing', () => {
    expect(both.encode(undefined, 'it')).toBe('');
    expect(both.decode('', 'it')).toBeUndefined();
  });

  it('compresses first', () => {
    const text = both.encode(LONG, 'it');
    expect(text).toMatch(/^~1ze:k1\./);
    expect(text.length).toBeLessThan(encode(LONG).length / 2);
  });

  it('never writes the same twice, nor with the same IV', () => {
    const ivs = new Set(
      Array.from({ length: 600 }, () => body(encrypting.encode(1, 'it')).toString('hex', 0, 12)),
    );
    expect(ivs.size).toBe(600);
  });

  it('counts what is stored', () => {
    expect(encrypting.encode('x'.repeat(10), 'it', 61)).toHaveLength(61);
    expect(() => encrypting.encode('x'.repeat(11), 'it', 61)).toThrow(
      'it is 62 bytes as stored, 13 before compression and encryption; at most 61 are allowed',
    );
  });

  it('reads what was written before it was switched on, unless it is required', () => {
    expect(encrypting.decode(encode(ORDER), 'it')).toEqual(ORDER);
    expect(encrypting.decode(compressing.encode(LONG, 'it'), 'it')).toEqual(LONG);

    const strict = codec({ compress: {}, encrypt: { keys: [k1], required: true } });
    for (const text of [encode(ORDER), 'null', compressing.encode(LONG, 'it'), '~1c.x']) {
      expect(refusal(() => strict.decode(text, 'it')).message).toBe(
        'it is not encrypted, which codec.encrypt.required asks for; it is not read',
      );
    }
    expect(strict.decode(encrypting.encode(ORDER, 'it'), 'it')).toEqual(ORDER);
    expect(strict.decode('', 'it')).toBeUndefined();
  });

  it('reads without writing when told so: before it is switched on, and after', () => {
    const reading = codec({ encrypt: { keys: [k1], write: false } });
    expect(reading.encode(ORDER, 'it')).toBe(encode(ORDER));
    expect(reading.decode(encrypting.encode(ORDER, 'it'), 'it')).toEqual(ORDER);
  });

  it('lets keys take turns without a text that somebody can not read', () => {
    const steps = [[k1], [k1, k2], [k2, k1], [k2]].map((keys) => codec({ encrypt: { keys } }));
    const written = steps.map((step) => step.encode(ORDER, 'it'));
    expect(written.map((text) => text.slice(4, 6))).toEqual(['k1', 'k1', 'k2', 'k2']);
    // Processes of one step and the next are there at the same time.
    for (const [i, step] of steps.entries()) {
      for (const text of written.slice(Math.max(0, i - 1), i + 2)) {
        const last = step === steps[3] && text.includes(':k1.');
        if (!last) expect(step.decode(text, 'it')).toEqual(ORDER);
      }
    }
    const error = refusal(() => steps[3]?.decode(written[0] ?? '', 'it'));
    expect(error).toBeInstanceOf(PayloadKeyError);
    expect(error.message).toBe(
      "it can't be read: it is encrypted with key 'k1', which is not in codec.encrypt.keys (there are: k2)",
    );
  });

  it('takes base64 text of either alphabet for the same key', () => {
    const text = encrypting.encode(ORDER, 'it');
    for (const key of [KEY_1.toString('base64'), KEY_1.toString('base64url'), new Uint8Array(KEY_1)]) {
      expect(codec({ encrypt: { keys: [{ id: 'k1', key }] } }).decode(text, 'it')).toEqual(ORDER);
    }
  });

  it('keeps a copy of the key', () => {
    const mine = Buffer.from(KEY_1);
    const copying = codec({ encrypt: { keys: [{ id: 'k1', key: mine }] } });
    mine.fill(0);
    expect(copying.decode(encrypting.encode(ORDER, 'it'), 'it')).toEqual(ORDER);
  });

  describe('of a text that was changed', () => {
    const text = both.encode(LONG, 'it');
    const sealed = body(text);
    const regions: [string, number][] = [
      ['the first byte of the IV', 0],
      ['the last byte of the IV', 11],
      ['the first byte of the ciphertext', 12],
      ['the middle of the ciphertext', sealed.length >> 1],
      ['the last byte of the ciphertext', sealed.length - 17],
      ['the first byte of the tag', sealed.length - 16],
      ['the last byte of the tag', sealed.length - 1],
    ];

    it.each(regions)('in %s says so', (_, at) => {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(sealed);
        changed.writeUInt8(changed.readUInt8(at) ^ bit, at);
        const error = refusal(() => both.decode(`~1ze:k1.${changed.toString('base64url')}`, 'it'));
        expect(error.message).toBe(
          "it can't be read: key 'k1' does not open it; it was changed, or encrypted with another key of that name",
        );
      }
    });

    it('in its length says so', () => {
      for (const length of [0, 1, 27, 28, sealed.length - 1]) {
        const cut = sealed.subarray(0, length).toString('base64url');
        expect(refusal(() => both.decode(`~1ze:k1.${cut}`, 'it')).message).toMatch(
          /key 'k1' does not open it/,
        );
      }
      const longer = Buffer.concat([sealed, Buffer.alloc(1)]).toString('base64url');
      expect(refusal(() => both.decode(`~1ze:k1.${longer}`, 'it')).message).toMatch(/does not open it/);
    });

    it('in any part of its header says so', () => {
      const twoNames = codec({
        payload: { encode: String, decode: String },
        encrypt: { keys: [k1, { id: 'twin', key: KEY_1 }] },
      });
      for (const header of ['~1e:k1.', '~1ze:twin.', '~1cze:k1.', '~1ce:k1.']) {
        expect(refusal(() => twoNames.decode(text.replace('~1ze:k1.', header), 'it')).message).toMatch(
          /key '(k1|twin)' does not open it/,
        );
      }
    });

    it('in any character of it is never read', () => {
      const short = encrypting.encode(ORDER, 'it');
      for (let at = 0; at < short.length; at++) {
        for (const character of ['A', 'B', '.', '~', '=', '\n']) {
          if (short[at] === character) continue;
          const changed = short.slice(0, at) + character + short.slice(at + 1);
          expect(refusal(() => encrypting.decode(changed, 'it')).message).not.toContain('ann');
        }
      }
    });
  });

  it('never says what was inside', () => {
    const liar = codec({
      payload: { encode: () => 'the secret, not JSON', decode: String },
      encrypt: { keys: [k1] },
    });
    const picky = codec({
      payload: { encode: String, decode: (text) => JSON.parse(text) as unknown },
      encrypt: { keys: [k1] },
    });
    const error = refusal(() => picky.decode(liar.encode(1, 'it'), 'it'));
    expect(error.message).toBe("it can't be read: key 'k1' opens it, and what is inside is no payload");
    expect(inspect(error)).not.toContain('secret');
  });

  it('shows its keys to nobody', () => {
    const settings = codecSettings({ encrypt: { keys: [k1, k2] } }, 1_000);
    const held = new TaskCodec(settings);
    const wrong = refusal(() => held.decode('~1e:k1.AAAA', 'it'));
    const missing = refusal(() => held.decode('~1e:k3.AAAA', 'it'));
    const secrets = [KEY_1, KEY_2].flatMap((key) => [
      key.toString('base64').slice(0, 12),
      key.toString('base64url').slice(0, 12),
      key.toString('hex').slice(0, 12),
      key.toString('latin1').slice(0, 9),
      key.toJSON().data.slice(0, 4).join(','),
      [...key].slice(0, 4).join(', '),
      key.toString('hex', 0, 4).replace(/..(?=.)/g, '$& '),
    ]);
    for (const shown of [settings, held, { deep: [held] }, wrong, missing]) {
      for (const text of [
        inspect(shown, { depth: null, showHidden: true, maxArrayLength: null }),
        JSON.stringify(shown),
        JSON.stringify(Object.getOwnPropertyDescriptors(shown)),
      ]) {
        for (const secret of secrets) expect(text).not.toContain(secret);
      }
    }
    expect(JSON.stringify(held)).toBe('{}');
  });
});

describe('a codec of the user', () => {
  const text = (value: unknown): string => `<${String(value)}>`;
  const angular = { encode: text, decode: (from: string): unknown => from.slice(1, -1) };

  it('writes and reads what it likes, marked as its own', () => {
    const own = codec({ payload: angular });
    expect(own.encode('x', 'it')).toBe('~1c.<x>');
    expect(own.decode('~1c.<x>', 'it')).toBe('x');
    expect(own.needsNewReader('~1c.<x>')).toBe(true);
    expect(own.encode(undefined, 'it')).toBe('');
    expect(own.encode('', 'it')).toBe('~1c.<>');
  });

  it('may write line breaks: stored texts have none', () => {
    const own = codec({ payload: angular });
    const stored = own.encode('a\r\nb 🔑', 'it');
    expect(stored).toMatch(/^~1cb\.[A-Za-z0-9_-]+$/);
    expect(own.decode(stored, 'it')).toBe('a\r\nb 🔑');
  });

  it('is compressed and encrypted like the built-in one', () => {
    const long = 'and so on '.repeat(100);
    const packing = codec({ payload: angular, compress: { above: 10 } });
    const hiding = codec({ payload: angular, compress: { above: 500 }, encrypt: { keys: [k1] } });
    expect(packing.encode(long, 'it')).toMatch(/^~1cz\./);
    expect(packing.decode(packing.encode(long, 'it'), 'it')).toBe(long);
    expect(hiding.encode(long, 'it')).toMatch(/^~1cze:k1\./);
    expect(hiding.encode('x', 'it')).toMatch(/^~1ce:k1\./);
    expect(hiding.decode(hiding.encode(long, 'it'), 'it')).toBe(long);
    expect(hiding.decode(hiding.encode('x', 'it'), 'it')).toBe('x');
  });

  it('leaves what the built-in one wrote to that', () => {
    const own = codec({ payload: angular, encrypt: { keys: [k1] } });
    expect(own.decode(encode(ORDER), 'it')).toEqual(ORDER);
    expect(own.decode(compressing.encode(LONG, 'it'), 'it')).toEqual(LONG);
    expect(own.decode(both.encode(LONG, 'it'), 'it')).toEqual(LONG);
  });

  it('is missed where it is not', () => {
    for (const stored of [
      '~1c.<x>',
      '~1cb.PHg-',
      codec({ payload: angular, encrypt: { keys: [k1] } }).encode('x', 'it'),
    ]) {
      const error = refusal(() => both.decode(stored, 'it'));
      expect(error).toBeInstanceOf(PayloadKeyError);
      expect(error.message).toBe(
        "it can't be read: it was written by a codec of yours; codec.payload is not set here",
      );
    }
  });

  it('fails as a payload does', () => {
    const failing = codec({
      payload: {
        encode: () => {
          throw new RangeError('no way in');
        },
        decode: () => {
          throw new RangeError('no way out');
        },
      },
    });
    expect(() => failing.encode(1, 'it')).toThrow("it can't be written by codec.payload: no way in");
    expect(() => failing.decode('~1c.1', 'it')).toThrow("it can't be read by codec.payload: no way out");
    expect(failing.decode('1', 'it')).toBe(1);
  });

  it.each([
    [undefined, 'it was written as undefined by codec.payload; expected text'],
    [Promise.resolve('x'), 'it was written as an object by codec.payload; expected text'],
    ['\ud800', 'it was written as malformed text by codec.payload'],
  ])('has to write text, not %p', (written, message) => {
    const sloppy = codec({ payload: { encode: () => written as string, decode: String } });
    expect(() => sloppy.encode(1, 'it')).toThrow(message);
  });

  it('has the same limit', () => {
    const own = codec({ payload: angular });
    expect(own.encode('x'.repeat(4), 'it', 10)).toHaveLength(10);
    expect(() => own.encode('x'.repeat(5), 'it', 10)).toThrow(PayloadError);
    expect(() => own.encode('x'.repeat(50), 'it', 10)).toThrow(
      'it is 52 bytes serialised; at most 10 are allowed',
    );
  });
});

describe('a frame', () => {
  it.each([
    '~',
    '~1',
    '~1z',
    '~.',
    '~1Z.x',
    '~1e.AAAA',
    '~1z:k1.AAAA',
    '~1e:.AAAA',
    '~1e:k 1.AAAA',
    '~123456789.x',
    `~1e:${'k'.repeat(33)}.x`,
    '~1z.AA==',
    '~1z.A A',
    '~1z.AB',
  ])('that is none is refused: %s', (text) => {
    const error = refusal(() => both.decode(text, 'it'));
    expect(error).not.toBeInstanceOf(PayloadKeyError);
    expect(error.message).toBe("it can't be read: it begins like a frame of nestjs-depot, and is none");
  });

  it.each(['~2z.AAAA', '~1x.AAAA', '~1ez:k1.AAAA', '~1zz.AAAA', '~1zb.AA', '~1.AA'])(
    'of a later version is left to that: %s',
    (text) => {
      const error = refusal(() => both.decode(text, 'it'));
      expect(error).toBeInstanceOf(PayloadKeyError);
      expect(error.message).toMatch(
        /^it can't be read: it is framed as ~\w+, which this version of nestjs-depot does not know$/,
      );
    },
  );

  it('holds no other frame', () => {
    const inner = compressing.encode(LONG, 'it');
    const outer = `~1z.${deflateSync(inner).toString('base64url')}`;
    expect(() => compressing.decode(outer, 'it')).toThrow(PayloadError);
  });
});
