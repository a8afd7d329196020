export { DepotKeyvStore, type DepotKeyvOptions, type KeyvEntry } from './keyv.store.js';
