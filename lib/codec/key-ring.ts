import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  randomFillSync,
  type KeyObject,
} from 'node:crypto';
import { PayloadError, PayloadKeyError } from '../common/errors.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Random bytes are cheaper by the dozen. */
const IVS_AT_ONCE = 256;

/** The keys that texts are encrypted with: the first one writes, all of them read. Shows none of them to anybody. */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #ivs = Buffer.alloc(IV_BYTES * IVS_AT_ONCE);
  #nextIv = this.#ivs.length;

  /** @param writer the id of the one among `keys` that writes */
  constructor(
    readonly writer: string,
    keys: ReadonlyMap<string, Uint8Array>,
  ) {
    this.#keys = new Map(Array.from(keys, ([id, key]) => [id, createSecretKey(key)]));
  }

  /** IV, ciphertext and tag. Whoever opens it has to have the same header. */
  seal(bytes: Buffer, header: string, what: string): Buffer {
    const iv = this.iv();
    const cipher = createCipheriv(ALGORITHM, this.key(this.writer, what), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(header));
    return Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws PayloadKeyError when the key is not here, PayloadError when it does not open it */
  open(sealed: Buffer, keyId: string, header: string, what: string): Buffer {
    const key = this.key(keyId, what);
    if (sealed.length < IV_BYTES + TAG_BYTES) throw notOpened(keyId, what);
    const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(header));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const bytes = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES));
    try {
      return Buffer.concat([bytes, decipher.final()]);
    } catch {
      // Nothing of what was decrypted may leave here before it is known to be genuine.
      throw notOpened(keyId, what);
    }
  }

  private key(id: string, what: string): KeyObject {
    const key = this.#keys.get(id);
    if (key) return key;
    throw new PayloadKeyError(
      `${what} can't be read: it is encrypted with key '${id}', which is not in codec.encrypt.keys (there are: ${[...this.#keys.keys()].join(', ')})`,
    );
  }

  /** 96 random bits, used once. */
  private iv(): Buffer {
    if (this.#nextIv === this.#ivs.length) {
      randomFillSync(this.#ivs);
      this.#nextIv = 0;
    }
    const start = this.#nextIv;
    this.#nextIv += IV_BYTES;
    return this.#ivs.subarray(start, this.#nextIv);
  }
}

const notOpened = (keyId: string, what: string): PayloadError =>
  new PayloadError(
    `${what} can't be read: key '${keyId}' does not open it; it was changed, or encrypted with another key of that name`,
  );
