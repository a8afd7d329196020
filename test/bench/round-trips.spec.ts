import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { countRoundTrips, type RoundTrips } from '../../bench/harness/round-trips.js';

/** Answers each line with a dot. */
const server = createServer((client) => {
  client.on('error', () => undefined);
  client.on('data', (piece) => {
    for (const byte of piece) if (byte === 10) client.write('.');
  });
});
let trips: RoundTrips;
let client: Socket;

beforeEach(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  trips = await countRoundTrips((server.address() as AddressInfo).port);
  client = createConnection(Number(new URL(trips.url).port), '127.0.0.1');
  await once(client, 'connect');
});
afterEach(async () => {
  client.destroy();
  await trips[Symbol.asyncDispose]();
  server.close();
  await once(server, 'close');
});

async function ask(lines: number): Promise<void> {
  let dots = 0;
  client.write('x\n'.repeat(lines));
  while (dots < lines) {
    const [piece] = (await once(client, 'data')) as [Buffer];
    dots += piece.length;
  }
}

it('counts questions that wait for each other', async () => {
  await ask(1);
  await ask(1);
  await ask(1);
  expect(trips.count).toBe(3);
});

it('counts questions that are asked together once', async () => {
  await ask(100);
  expect(trips.count).toBe(1);
});
