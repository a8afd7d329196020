import type { EncryptionKey } from 'nestjs-depot';

/** `id:key`, with a key of 32 bytes as base64; several with commas. */
export const ENCRYPTION_KEYS = /^[\w-]{1,32}:[A-Za-z0-9+/_-]{43}=?(,[\w-]{1,32}:[A-Za-z0-9+/_-]{43}=?)*$/;

export function encryptionKeys(text: string): EncryptionKey[] {
  return text.split(',').map((entry) => {
    const [id = '', key = ''] = entry.split(':');
    return { id, key };
  });
}
