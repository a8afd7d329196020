/** Keys of one command: indexes into what was asked. */
export type Group = readonly number[];

/** More keys than that in one command keep others waiting. */
const LARGEST_GROUP = 1_000;

/** Which keys may travel in one command: on a cluster those of one slot, elsewhere all. */
export class Slots {
  /** Whether the server is one of a cluster. */
  clustered = false;

  /** @param keys one for each of what is grouped */
  groups(keys: readonly string[]): readonly Group[] {
    return this.clustered ? bySlot(keys) : this.chunks(keys.length);
  }

  private chunks(count: number): readonly Group[] {
    const groups: Group[] = [];
    for (let from = 0; from < count; from += LARGEST_GROUP) {
      groups.push(Array.from({ length: Math.min(LARGEST_GROUP, count - from) }, (_, at) => from + at));
    }
    return groups;
  }
}

function bySlot(keys: readonly string[]): readonly Group[] {
  const groups: number[][] = [];
  const open = new Map<number, number[]>();
  keys.forEach((key, at) => {
    const slot = slotOf(key);
    const group = open.get(slot);
    if (group && group.length < LARGEST_GROUP) {
      group.push(at);
      return;
    }
    const next = [at];
    open.set(slot, next);
    groups.push(next);
  });
  return groups;
}

const SLOTS = 16_384;

/** The slot of a key, as the cluster specification has it: of what is within its first braces, if there is anything. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of Buffer.from(hashed))
    crc = ((crc << 8) ^ (CRC[((crc >> 8) ^ byte) & 0xff] ?? 0)) & 0xffff;
  return crc % SLOTS;
}

/** CRC-16/XMODEM of each byte. */
const CRC = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});
