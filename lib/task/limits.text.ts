import type { QueueLimits, Rate } from './task.broker.js';

/** Limits as engines store and compare them: the same ones are the same text, however they were written down; none are ''. */
export function limitsText({ concurrency, rate, backlog, weights, group }: QueueLimits): string {
  const text = JSON.stringify({
    concurrency,
    rate: ordered(rate),
    backlog,
    weights,
    group: group && { concurrency: group.concurrency, rate: ordered(group.rate), backlog: group.backlog },
  });
  return text === '{}' ? '' : text;
}

const ordered = (rate: Rate | undefined): Rate | undefined => rate && { max: rate.max, perMs: rate.perMs };
