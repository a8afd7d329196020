export { closeCache as close, openCache as open } from './opened.js';
