import { describe, expect, it } from '@jest/globals';
import { EmbeddedInbox } from '../../../lib/engines/embedded/embedded-inbox.js';
import { settled } from '../../support/manual-clock.js';

const due = (inMs: number): { queue: string; push: { kind: 'due'; inMs: number } } => ({
  queue: 'q',
  push: { kind: 'due', inMs },
});

describe('an inbox', () => {
  const got: unknown[] = [];
  const opened = (): EmbeddedInbox => {
    got.length = 0;
    const inbox = new EmbeddedInbox();
    inbox.listen(({ push }) => got.push(push === 'room' ? push : push.kind === 'due' && push.inMs));
    return inbox;
  };

  it('delivers what a tick brings when that is over, in order', async () => {
    const inbox = opened();
    inbox.push(due(1));
    await Promise.resolve();
    inbox.push(due(2));
    inbox.push({ queue: 'q', push: 'room' });
    expect(got).toEqual([]);

    await settled();

    expect(got).toEqual([1, 2, 'room']);
  });

  it('keeps what is pushed until somebody listens', async () => {
    const inbox = new EmbeddedInbox();
    inbox.push(due(1));
    await settled();
    const late: unknown[] = [];
    inbox.listen((message) => late.push(message));
    await settled();

    expect(late).toEqual([due(1)]);
  });

  it('delivers what is pushed by what it delivers', async () => {
    const inbox = opened();
    inbox.listen(({ push }) => {
      got.push(push);
      if (got.length < 3) inbox.push(due(got.length));
    });
    inbox.push(due(0));
    await settled();

    expect(got).toHaveLength(3);
  });

  it('delivers nothing once it is closed, not even what is on its way', async () => {
    const inbox = opened();
    inbox.listen((message) => {
      got.push(message);
      inbox.close();
    });
    inbox.push(due(1));
    inbox.push(due(2));
    await settled();
    inbox.push(due(3));
    await settled();

    expect(got).toEqual([due(1)]);
  });
});
