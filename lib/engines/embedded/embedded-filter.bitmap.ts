const PAGE_WORDS = 2 ** 14;
const PAGE_BITS = PAGE_WORDS * 32;

/** Bits by number, in pages of 64 KB that exist once a bit of theirs is set. */
export class Bitmap {
  /** How many bits are set. */
  set = 0;
  private readonly pages: (Uint32Array | undefined)[] = [];

  has(bit: number): boolean {
    const page = this.pages[Math.floor(bit / PAGE_BITS)];
    // A page has fewer than 2^31 bits, a bitmap may have more: only the rest fits into the operators for 32 bits.
    const rest = bit % PAGE_BITS;
    return ((page?.[rest >>> 5] ?? 0) & (1 << (rest & 31))) !== 0;
  }

  /** Always true, for loops that go on while it is. */
  add(bit: number): true {
    const at = Math.floor(bit / PAGE_BITS);
    const page = (this.pages[at] ??= new Uint32Array(PAGE_WORDS));
    const rest = bit % PAGE_BITS;
    const word = rest >>> 5;
    const before = page[word] ?? 0;
    const after = (before | (1 << (rest & 31))) >>> 0;
    if (after !== before) {
      page[word] = after;
      this.set++;
    }
    return true;
  }
}
