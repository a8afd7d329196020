/** What every task carries: about 100 bytes of JSON, with a number of its own, so that each can be accounted for. */
export interface BenchPayload {
  readonly n: number;
  readonly to: string;
  readonly subject: string;
  readonly body: string;
}

export const TASK_NAME = 'welcome';

/** Above any count, so that all payloads are of the same length. */
const FIRST = 1_000_000;

export function payload(n: number): BenchPayload {
  return { n: FIRST + n, to: 'ann@example.com', subject: 'Welcome to the shop', body: 'x'.repeat(26) };
}

export function payloads(from: number, count: number): BenchPayload[] {
  return Array.from({ length: count }, (_, at) => payload(from + at));
}

export function numberOf({ n }: BenchPayload): number {
  return n - FIRST;
}
