import 'nestjs-depot/testing/jest';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DepotModule, DiscardTask, Payload, Processor, Task } from 'nestjs-depot';
import { DepotTesting, type TestQueue } from 'nestjs-depot/testing';

interface Parcel {
  to: string;
  weight?: number;
  labels?: Map<string, string>;
}

@Processor('post')
class PostProcessor {
  @Task({ attempts: 2, backoff: 0 })
  async send(@Payload() parcel: Parcel): Promise<{ by: string }> {
    if (parcel.to === 'nobody') throw new DiscardTask('no such address');
    if (parcel.to === 'the moon') throw new RangeError('too far');
    return { by: 'train' };
  }

  @Task()
  async weigh(): Promise<void> {
    return undefined;
  }
}

const START = Date.UTC(2031, 4, 1);

describe('the matchers', () => {
  let depot: DepotTesting;
  let post: TestQueue<PostProcessor>;

  beforeAll(async () => {
    depot = await DepotTesting.create({
      imports: [DepotModule.forRoot({}), DepotModule.registerQueue({ name: 'post' })],
      providers: [PostProcessor],
      startAt: START,
    });
    post = depot.queue('post');
    await post.add('send', { to: 'ann', weight: 3, labels: new Map([['kind', 'gift']]) }, { id: 'p1' });
    await post.add('send', { to: 'bob' });
    await post.add('send', { to: 'nobody' });
    await post.add('send', { to: 'the moon' });
    await depot.drain();
    await post.add('send', { to: 'cleo', weight: 1 });
    await post.add('send', { to: 'dora' }, { delay: '10m' });
    await post.add('weigh');
  });

  afterAll(() => depot.close());

  it('find what is to run', () => {
    expect(post).toHaveEnqueued('send');
    expect(post).toHaveEnqueued('send', { to: 'cleo', weight: 1 });
    expect(post).toHaveEnqueued('send', expect.objectContaining({ to: 'cleo' }));
    expect(post).toHaveEnqueued('send', { to: 'cleo', weight: expect.any(Number) });
    expect(post).toHaveEnqueued('send', { to: 'dora' }, { delay: '10m' });
    expect(post).toHaveEnqueued('send', { to: 'dora' }, { runAt: new Date(START + 600_000), times: 1 });
    expect(post).toHaveEnqueued('send', undefined, { times: 2 });
    expect(post).toHaveEnqueued('send', undefined, { delay: 0, times: 1 });
    expect(post).toHaveEnqueued('weigh', undefined, { id: expect.any(String) });
    expect(post).not.toHaveEnqueued('send', { to: 'ann' });
    expect(post).not.toHaveEnqueued('send', { to: 'cleo' });
    expect(post).not.toHaveEnqueued('weigh', { to: 'cleo' });
    expect(post).not.toHaveEnqueued('send', { to: 'dora' }, { delay: '11m' });
    expect(post).not.toHaveEnqueued('send', undefined, { times: 1 });
    expect(post).not.toHaveEnqueued('weigh', undefined, { id: 'p1' });
  });

  it('find what ended well', () => {
    expect(post).toHaveCompleted('send', expect.objectContaining({ to: 'ann' }), { id: 'p1', attempt: 1 });
    expect(post).toHaveCompleted('send', { to: 'bob' }, { result: { by: 'train' } });
    expect(post).toHaveCompleted('send', undefined, { times: 2 });
    expect(post).not.toHaveCompleted('send', { to: 'bob' }, { result: { by: 'air' } });
    expect(post).not.toHaveCompleted('send', { to: 'bob' }, { attempt: 2 });
    expect(post).not.toHaveCompleted('send', { to: 'nobody' });
    expect(post).not.toHaveCompleted('weigh');
  });

  it('compare what is in maps', () => {
    const labelled = (kind: string): Parcel => ({ to: 'ann', weight: 3, labels: new Map([['kind', kind]]) });
    expect(post).toHaveCompleted('send', labelled('gift'));
    expect(post).not.toHaveCompleted('send', labelled('sample'));
  });

  it('find what is dead', () => {
    expect(post).toHaveDied('send', { to: 'nobody' }, { error: 'such address', attempt: 1 });
    expect(post).toHaveDied('send', { to: 'the moon' }, { error: /^too far$/, attempt: 2 });
    expect(post).toHaveDied('send', undefined, { error: expect.objectContaining({ name: 'RangeError' }) });
    expect(post).toHaveDied('send', undefined, { times: 2 });
    expect(post).not.toHaveDied('send', { to: 'nobody' }, { error: 'too far' });
    expect(post).not.toHaveDied('send', { to: 'nobody' }, { error: /far/ });
    expect(post).not.toHaveDied('send', { to: 'nobody' }, { attempt: 2 });
    expect(post).not.toHaveDied('send', { to: 'bob' });
  });

  it('show what there is when they fail', () => {
    const message = failure(() => expect(post).toHaveCompleted('send', { to: 'nobody' }, { attempt: 1 }));
    expect(message).toContain("expect(queue).toHaveCompleted('send', { to: 'nobody' }, { attempt: 1 })");
    expect(message).toContain("waiting   send  { to: 'cleo', weight: 1 }");
    expect(message).toContain("delayed   send  { to: 'dora' }  runs at 2031-05-01T00:10:00.000Z");
    expect(message).toContain("completed send  { to: 'bob' }  attempt 1  result { by: 'train' }");
    expect(message).toContain("dead      send  { to: 'nobody' }  attempt 1  DiscardTask: no such address");
    expect(failure(() => expect(post).not.toHaveDied('send'))).toContain(
      "expect(queue).not.toHaveDied('send')\n\n2 of these:",
    );
    expect(failure(() => expect(post).toHaveEnqueued('send', undefined, { times: 3 }))).toContain(
      "toHaveEnqueued('send', undefined, { times: 3 })\n\n2 of these:",
    );
  });

  it('refuse what is no queue of the kit, and options that are none', () => {
    expect(failure(() => expect({}).toHaveCompleted('send'))).toContain(
      "toHaveCompleted is for a queue of the test kit: expect(depot.queue('email')).toHaveCompleted('send')",
    );
    expect(failure(() => expect(post).toHaveEnqueued('send', undefined, { dely: 1 } as object))).toContain(
      "options of toHaveEnqueued has no option 'dely'",
    );
    expect(failure(() => expect(post).toHaveCompleted('send', undefined, { error: 1 } as object))).toContain(
      "options of toHaveCompleted has no option 'error'",
    );
    expect(failure(() => expect(post).toHaveDied('send', undefined, { result: 1 } as object))).toContain(
      "options of toHaveDied has no option 'result'",
    );
  });
});

function failure(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not fail');
}
