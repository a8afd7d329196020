import { it } from '@jest/globals';
import { DepotModule } from 'nestjs-depot';
import { DepotTesting, type DepotMatchers } from 'nestjs-depot/testing';

it('the matchers are on the global expect once there is a kit', async () => {
  const expect = Reflect.get(globalThis, 'expect') as (queue: unknown) => DepotMatchers;
  const depot = await DepotTesting.create({
    imports: [DepotModule.forRoot({}), DepotModule.registerQueue({ name: 'post' })],
  });
  await depot.queue('post').add('send', { to: 'ann' });
  expect(depot.queue('post')).toHaveEnqueued('send', { to: 'ann' });
  await depot.close();
});
