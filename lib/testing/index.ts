export { DepotTesting } from './depot-testing.js';
export type { DepotTestingOptions, ProviderOverride } from './testing.options.js';
export type { SnapshotOf, TestQueue } from './test-queue.js';
export { NotDrainedError } from './not-drained.error.js';
export { depotMatchers } from './matchers.js';
export type { CompletedOptions, DepotMatchers, DiedOptions, EnqueuedOptions } from './matchers.types.js';
