/** A proxy that holds everything back for a while, each way: a Redis that is not on loopback. In a process of its own. */
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

/** Timers are of a millisecond; the proxy sleeps shorter than that, and looks for what came meanwhile. */
const NAP_MS = 0.1;
/** A nap takes so much longer than it was meant to; what is left of the time after it is spent looking. */
const OVERSLEEP_MS = 0.07;

interface Held {
  /** Left out: the end. */
  readonly piece?: Buffer;
  readonly to: Socket;
  readonly dueAt: number;
}

const bell = new Int32Array(new SharedArrayBuffer(4));
/** All are held back for the same time, so they fall due in the order in which they came. */
const held: Held[] = [];
let awake = false;

/** @returns its port */
export async function open(port: number, eachWayMs: number): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = createConnection({ port, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (piece) => hold({ piece, to, dueAt: performance.now() + eachWayMs }));
      from.on('error', () => undefined);
      from.on('close', () => hold({ to, dueAt: performance.now() + eachWayMs }));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function hold(one: Held): void {
  held.push(one);
  if (awake) return;
  awake = true;
  setImmediate(move);
}

function move(): void {
  const now = performance.now();
  const due = held.findIndex(({ dueAt }) => dueAt > now);
  const gone = held.splice(0, due === -1 ? held.length : due);
  for (const { piece, to } of gone) {
    if (!piece) to.end();
    else if (to.writable) to.write(piece);
  }
  const next = held[0];
  awake = next !== undefined;
  if (!next) return;
  const left = next.dueAt - performance.now();
  if (left > OVERSLEEP_MS) Atomics.wait(bell, 0, 0, Math.min(left - OVERSLEEP_MS, NAP_MS));
  setImmediate(move);
}
