/**
 * Compiled and run inside an application, as a module of its own format: the test kit boots that application's modules,
 * needs no jest, and recognises the library's classes.
 */
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Injectable, Module } from '@nestjs/common';
import { DepotModule, InjectQueue, Payload, Processor, Queue, Task } from 'nestjs-depot';
import { DepotTesting, depotMatchers } from 'nestjs-depot/testing';

@Processor('greetings')
class GreetingProcessor {
  @Task({ attempts: 2, backoff: '1h' })
  async greet(@Payload() name: string): Promise<string> {
    if (name === 'nobody') throw new Error('nobody is there');
    return `hello ${name}`;
  }
}

@Injectable()
class Greeter {
  constructor(@InjectQueue('greetings') readonly queue: Queue<GreetingProcessor>) {}
}

@Module({
  imports: [
    DepotModule.forRoot({ redis: 'redis://127.0.0.1:1' }),
    DepotModule.registerQueue({ name: 'greetings' }),
  ],
  providers: [GreetingProcessor, Greeter],
})
class AppModule {}

async function main(): Promise<void> {
  const depot = await DepotTesting.create({ imports: [AppModule] });
  const greetings = depot.queue<GreetingProcessor>('greetings');
  assert.equal(depot.get(Greeter).queue, greetings);
  await greetings.add('greet', 'ann');
  await greetings.add('greet', 'nobody', { delay: '1d' });
  assert.equal(depot.enqueued('greetings').length, 2);
  await depot.drain();
  assert.deepEqual(
    depot.completed('greetings').map(({ result }) => result),
    ['hello ann'],
  );
  await depot.advance('7d');
  assert.equal(depot.failed('greetings')[0]?.attempt, 2);
  await depot.close();
  assert.deepEqual(Object.keys(depotMatchers), ['toHaveEnqueued', 'toHaveCompleted', 'toHaveDied']);
  console.log('the test kit works');
}

void main();
