import { DepotConfigError, show } from './common/errors.js';
import { toMs } from './common/duration.js';
import { checkKeys } from './common/options.js';
import type { QuorumOptions } from './depot.options.js';
import { checkRedis, type RedisPlace } from './depot.redis.js';
import type { QuorumSettings } from './lock/quorum/quorum.terms.js';

/** What `locks.quorum` comes to. */
export interface LockQuorum extends QuorumSettings {
  readonly nodes: readonly RedisPlace[];
}

const SHORTEST_TIMEOUT_MS = 10;

/** @throws DepotConfigError naming the option, its value and what is expected */
export function lockQuorum(options: QuorumOptions): LockQuorum {
  checkKeys(options, 'locks.quorum', ['nodes', 'drift', 'timeout']);
  const { nodes, drift = 0.01, timeout = '200ms' } = options;
  const timeoutMs = toMs(timeout, 'locks.quorum.timeout');
  if (timeoutMs < SHORTEST_TIMEOUT_MS) {
    throw new DepotConfigError(
      `locks.quorum.timeout is ${show(timeout)}; expected at least ${SHORTEST_TIMEOUT_MS} ms`,
    );
  }
  if (typeof drift !== 'number' || !(drift >= 0 && drift <= 0.5)) {
    throw new DepotConfigError(`locks.quorum.drift is ${show(drift)}; expected a number from 0 to 0.5`);
  }
  return { nodes: checkNodes(nodes), drift, timeoutMs };
}

function checkNodes(nodes: unknown): readonly RedisPlace[] {
  if (!Array.isArray(nodes)) {
    throw new DepotConfigError(`locks.quorum.nodes is ${show(nodes)}; expected an array of at least 3`);
  }
  const places = nodes.map((node, at) => checkRedis(node, `locks.quorum.nodes[${at}]`));
  if (places.length < 3 || places.length % 2 === 0) {
    throw new DepotConfigError(
      `locks.quorum.nodes has the length ${places.length}; expected an odd number, at least 3: a majority survives the loss of no more servers when there is one more than an odd number`,
    );
  }
  const servers = places.map(serverOf);
  const twice = servers.find((server, at) => servers.indexOf(server) !== at);
  if (twice === undefined) return places;
  throw new DepotConfigError(
    `locks.quorum.nodes has ${show(twice)} twice; expected each server once, since its votes would count as those of two`,
  );
}

/** Databases of one server fail together. */
function serverOf(place: RedisPlace): string {
  if (typeof place === 'string') {
    const { hostname, port } = new URL(place);
    return `${hostname}:${port || 6379}`;
  }
  const { host = 'localhost', port = 6379, path } = 'options' in place ? place.options : place;
  return path ?? `${host}:${port}`;
}
