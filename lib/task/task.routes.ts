import { DepotConfigError, show } from '../common/errors.js';
import { checkKeys } from '../common/options.js';

/**
 * Which queue the messages of a key go to: by the key itself, by a pattern in which `*` stands for any characters, or by
 * `default`, in this order; of several patterns that fit, the one with the most other characters.
 *
 * @example { 'user.email': 'email', 'user.*': 'push', 'report.*': { queue: 'slow', task: 'report' }, default: 'misc' }
 */
export type RouteOptions = Readonly<Record<string, string | RouteTarget>>;

export interface RouteTarget {
  readonly queue: string;
  /** The task's name. @default the key */
  readonly task?: string;
}

const DEFAULT = 'default';

/** Routes by key. Without any, nothing can be dispatched. */
export class TaskRoutes {
  private readonly exact = new Map<string, RouteTarget>();
  /** The most particular first. */
  private readonly patterns: readonly { readonly pattern: RegExp; readonly target: RouteTarget }[];

  /** @throws DepotConfigError naming the route that is wrong */
  constructor(routes: RouteOptions) {
    checkObject(routes);
    const patterns: { readonly key: string; readonly target: RouteTarget }[] = [];
    for (const [key, value] of Object.entries(routes)) {
      const target = checkTarget(value, `routes[${show(key)}]`);
      if (key === '') throw new DepotConfigError('routes has an empty key; expected text');
      if (key.includes('*')) patterns.push({ key, target });
      else this.exact.set(key, target);
    }
    this.patterns = patterns
      .toSorted((a, b) => literal(b.key) - literal(a.key))
      .map(({ key, target }) => ({ pattern: patternOf(key), target }));
  }

  /** Names of the queues that anything goes to. */
  get queues(): readonly string[] {
    const targets = [...this.exact.values(), ...this.patterns.map(({ target }) => target)];
    return [...new Set(targets.map(({ queue }) => queue))];
  }

  /** Where messages of this key go. @throws DepotConfigError when nothing is said of it */
  of(key: string): Required<RouteTarget> {
    if (typeof key !== 'string' || key === '') {
      throw new DepotConfigError(`the key of a message is ${show(key)}; expected text`);
    }
    const target =
      (key === DEFAULT ? undefined : this.exact.get(key)) ??
      this.patterns.find(({ pattern }) => pattern.test(key))?.target ??
      this.exact.get(DEFAULT);
    if (target) return { queue: target.queue, task: target.task ?? key };
    throw new DepotConfigError(
      `no route fits the key ${show(key)}; expected one in the option 'routes' of DepotModule.forRoot, or a 'default'`,
    );
  }
}

function checkObject(routes: unknown): void {
  if (typeof routes === 'object' && routes !== null && !Array.isArray(routes)) return;
  throw new DepotConfigError(`routes is ${show(routes)}; expected { 'user.*': 'queue', … }`);
}

function checkTarget(value: unknown, name: string): RouteTarget {
  if (typeof value === 'string' && value !== '') return { queue: value };
  if (typeof value !== 'object' || value === null) {
    throw new DepotConfigError(`${name} is ${show(value)}; expected the name of a queue, or { queue, task }`);
  }
  checkKeys(value, name, ['queue', 'task']);
  const { queue, task }: { queue?: unknown; task?: unknown } = value;
  return {
    queue: checkText(queue, `${name}.queue`),
    ...(task !== undefined && { task: checkText(task, `${name}.task`) }),
  };
}

function checkText(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\n')) return value;
  throw new DepotConfigError(`${name} is ${show(value)}; expected text without line breaks`);
}

const literal = (key: string): number => key.replaceAll('*', '').length;

function patternOf(key: string): RegExp {
  const parts = key.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'su');
}
