/** A process that produces or works, with any of the contenders: what the orchestrator can call. */
export * from './producing.js';
export * from './working.js';
