import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';

/** The mails that the SMTP server took, parsed. */
export async function readMails(folder: string): Promise<Email[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.eml'));
  return Promise.all(files.map(async (name) => PostalMime.parse(await readFile(join(folder, name)))));
}

/** To whom a mail is. */
export function recipient(mail: Email): string {
  return mail.to?.[0]?.address ?? '';
}
