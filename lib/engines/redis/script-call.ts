import { Command } from 'ioredis';

/**
 * A call of a script. ioredis measures and copies each argument on its own, several times; of a call that has hundreds
 * that takes longer than all else that the client does for it.
 */
export class ScriptCall extends Command {
  /** @param texts the script or its digest, the number of keys, keys, and arguments */
  constructor(
    how: 'eval' | 'evalsha',
    private readonly texts: string[],
  ) {
    super(how, [], { replyEncoding: 'utf8' });
    this.args = texts;
  }

  override toWritable(socket: object): string | Buffer {
    let text = `*${this.texts.length + 1}\r\n$${this.name.length}\r\n${this.name}\r\n`;
    for (const one of this.texts) text += `$${one.length}\r\n${one}\r\n`;
    // Where a character is not a byte, lengths have to be counted.
    return Buffer.byteLength(text) === text.length ? text : super.toWritable(socket);
  }
}
