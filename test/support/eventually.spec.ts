import { describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';

describe('eventually', () => {
  it('returns the value of the first attempt that holds', async () => {
    let attempts = 0;
    const value = await eventually(() => {
      attempts++;
      expect(attempts).toBe(3);
      return 'done';
    });
    expect(value).toBe('done');
    expect(attempts).toBe(3);
  });

  it('throws the last failure when the time is up', async () => {
    await expect(eventually(() => expect(1).toBe(2), { within: 20 })).rejects.toThrow(
      /Expected.*2[\s\S]*still so after 20 ms/,
    );
  });

  it('does not wait for an attempt that hangs', async () => {
    await expect(eventually(() => new Promise(() => undefined), { within: 20 })).rejects.toThrow(
      /neither held nor failed within 20 ms/,
    );
  });
});
