import { describe, expect, test } from '@jest/globals';
import { SingleFlight, type Flight } from '../../../lib/common/single-flight.js';
import { Deferred } from '../../support/deferred.js';
import { settled } from '../../support/manual-clock.js';

/** A work that ends when the test says so. */
class Work {
  readonly seen: Flight[] = [];
  readonly outcome = new Deferred<string>();

  readonly run = (flight: Flight): Promise<string> => {
    this.seen.push(flight);
    return this.outcome.promise;
  };
}

describe('SingleFlight', () => {
  test('runs one work for all who ask while it is under way', async () => {
    const flights = new SingleFlight<string>();
    const first = new Work();
    const second = new Work();
    const outcomes = [flights.run('k', first.run), flights.run('k', second.run)];
    await settled();
    first.outcome.resolve('one');

    expect(await Promise.all(outcomes)).toEqual(['one', 'one']);
    expect(first.seen).toHaveLength(1);
    expect(second.seen).toHaveLength(0);
    expect(flights.size).toBe(0);
  });

  test('begins anew when the work has ended', async () => {
    const flights = new SingleFlight<string>();

    expect(await flights.run('k', async () => 'one')).toBe('one');
    expect(await flights.run('k', async () => 'two')).toBe('two');
  });

  test('keeps keys apart', async () => {
    const flights = new SingleFlight<string>();

    expect(await Promise.all(['a', 'b'].map((key) => flights.run(key, async () => key)))).toEqual(['a', 'b']);
  });

  test('fails for all who asked, and works for who asks afterwards', async () => {
    const flights = new SingleFlight<string>();
    const failing = new Work();
    const outcomes = [flights.run('k', failing.run), flights.run('k', failing.run)];
    failing.outcome.reject(new Error('no luck'));

    await expect(outcomes[0]).rejects.toThrow('no luck');
    await expect(outcomes[1]).rejects.toThrow('no luck');
    expect(await flights.run('k', async () => 'better')).toBe('better');
  });

  test('treats a work that throws at once like one that rejects', async () => {
    const flights = new SingleFlight<string>();
    const thrown = flights.run('k', () => {
      throw new Error('at once');
    });

    await expect(thrown).rejects.toThrow('at once');
    expect(flights.size).toBe(0);
  });

  test('tells a work that was forgotten, and begins a new one beside it', async () => {
    const flights = new SingleFlight<string>();
    const old = new Work();
    const young = new Work();
    const before = flights.run('k', old.run);
    await settled();
    flights.forget('k');
    const after = flights.run('k', young.run);
    await settled();

    expect(old.seen[0]?.current).toBe(false);
    expect(young.seen[0]?.current).toBe(true);
    old.outcome.resolve('old');
    expect(await before).toBe('old');
    expect(young.seen[0]?.current).toBe(true);
    expect(flights.size).toBe(1);
    young.outcome.resolve('young');
    expect(await after).toBe('young');
  });

  test('takes the forgetting of an unknown key', () => {
    const flights = new SingleFlight<string>();

    expect(() => flights.forget('k')).not.toThrow();
  });
});
