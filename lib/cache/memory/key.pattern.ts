/** One step of a pattern: any text, or one character of a kind. */
type Step = 'any text' | ((character: number) => boolean);

/**
 * A pattern of keys, as Redis has them: `*` any text, `?` a character, `[ab]`, `[^a]`, `[a-z]` one of them, `\` takes
 * the next character as it is. Only the last `*` is ever gone back to, so that no pattern takes longer than its length
 * times that of the key.
 */
export class KeyPattern {
  private readonly steps: readonly Step[];

  constructor(pattern: string) {
    this.steps = stepsOf(Array.from(pattern, codeOf));
  }

  matches(key: string): boolean {
    const { steps } = this;
    let at = 0;
    let step = 0;
    /** After the last `*`, and how far the text is that it stands for. */
    let resume = -1;
    let taken = 0;
    while (at < key.length) {
      const current = steps[step];
      const character = key.codePointAt(at) ?? 0;
      if (current === 'any text') {
        resume = ++step;
        taken = at;
      } else if (current?.(character)) {
        step++;
        at += widthOf(character);
      } else if (resume >= 0) {
        taken += widthOf(key.codePointAt(taken) ?? 0);
        at = taken;
        step = resume;
      } else {
        return false;
      }
    }
    while (steps[step] === 'any text') step++;
    return step === steps.length;
  }
}

function stepsOf(codes: readonly number[]): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    const next = codes[at + 1];
    if (code === STAR) {
      if (steps.at(-1) !== 'any text') steps.push('any text');
    } else if (code === QUESTION) {
      steps.push(() => true);
    } else if (code === OPEN) {
      const end = endOfSet(codes, at + 1);
      steps.push(oneOf(codes.slice(at + 1, end)));
      at = end;
    } else if (code === BACKSLASH && next !== undefined) {
      steps.push((character) => character === next);
      at++;
    } else {
      steps.push((character) => character === code);
    }
  }
  return steps;
}

/** Where the `]` is that closes it, or the end of the pattern, which closes it, too. */
function endOfSet(codes: readonly number[], from: number): number {
  let at = codes[from] === CARET ? from + 1 : from;
  while (at < codes.length && codes[at] !== CLOSE) at += lengthInSet(codes, at);
  return Math.min(at, codes.length);
}

/** A range may end with a bracket, and what follows a backslash is taken as it is. */
function lengthInSet(codes: readonly number[], at: number): number {
  const left = codes.length - at;
  if (codes[at] === BACKSLASH && left >= 2) return 2;
  return codes[at + 1] === HYPHEN && left >= 3 ? 3 : 1;
}

function oneOf(set: readonly number[]): (character: number) => boolean {
  const wanted = set[0] !== CARET;
  const ranges: (readonly [number, number])[] = [];
  for (let at = wanted ? 0 : 1; at < set.length;) {
    const length = lengthInSet(set, at);
    const one = set[length === 2 ? at + 1 : at] ?? 0;
    const other = set[at + length - 1] ?? 0;
    ranges.push([Math.min(one, other), Math.max(one, other)]);
    at += length;
  }
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) === wanted;
}

const codeOf = (character: string): number => character.codePointAt(0) ?? 0;
const widthOf = (code: number): number => (code > 0xffff ? 2 : 1);

const STAR = codeOf('*');
const QUESTION = codeOf('?');
const OPEN = codeOf('[');
const CLOSE = codeOf(']');
const CARET = codeOf('^');
const HYPHEN = codeOf('-');
const BACKSLASH = codeOf('\\');
