import { DepotConfigError, show } from './errors.js';

/** @throws DepotConfigError when the text, which is option `name`, is no URL of a Redis */
export function checkRedisUrl(text: string, name: string): string {
  if (/^rediss?:\/\/./.test(text) && URL.canParse(text)) return text;
  // It may hold a password; only its beginning is shown.
  const scheme = /^[a-z]+:\/\//i.exec(text)?.[0];
  throw new DepotConfigError(
    `${name} is ${text === '' ? 'empty' : `a URL that begins with ${show(scheme ?? text.slice(0, 4))}`}; expected redis://[user:password@]host[:port][/db] or rediss://…`,
  );
}
