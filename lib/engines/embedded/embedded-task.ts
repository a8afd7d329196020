/** What is stored of a task, except where it is. */
export interface EmbeddedTask {
  readonly id: string;
  readonly envelope: string;
  tries: number;
  /** Workers that died with it; 0: was in hand when one died that had others, too. */
  crashes: number | undefined;
  outcome: string | undefined;
  progress: string | undefined;
  readonly log: string[];
}

const LOG_BYTES = 65_536;

export function newTask(id: string, envelope: string): EmbeddedTask {
  return { id, envelope, tries: 0, crashes: undefined, outcome: undefined, progress: undefined, log: [] };
}

/** Cuts the log at 64 KiB, oldest lines first. */
export function appendToLog({ log }: EmbeddedTask, text: string): void {
  log.push(...text.split('\n'));
  let bytes = log.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, -1);
  while (bytes > LOG_BYTES && log.length > 1) bytes -= Buffer.byteLength(log.shift() ?? '') + 1;
}
