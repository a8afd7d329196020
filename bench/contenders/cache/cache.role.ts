/** A process that uses a cache of one of the contenders. Each function is called from the orchestrator. */
export * from './away.work.js';
export * from './coherence.work.js';
export * from './cold.work.js';
export * from './many.work.js';
export * from './opening.js';
export * from './speed.work.js';
