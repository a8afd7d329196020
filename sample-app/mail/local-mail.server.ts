import { mkdir, rename, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

/** How often a recipient at busy.example is put off before his mail is taken. */
const PUT_OFF = 2;

/**
 * A small but real SMTP server, for a laptop without one. Addresses at three domains meet what mails meet in life:
 * - `busy.example` is put off twice, as greylisting does it, and served the third time;
 * - `full.example` is put off always;
 * - `gone.example` does not exist.
 */
export class LocalMailServer {
  private readonly refusals = new Map<string, number>();
  private received = 0;
  private readonly server: SMTPServer;

  /** @param folder where mails are kept as .eml; they are read and forgotten without one */
  constructor(private readonly folder?: string) {
    this.server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      onRcptTo: ({ address }, _session, callback) => callback(this.refusal(address)),
      onData: (stream, session, callback) => {
        this.keep(stream, session).then(() => callback(), callback);
      },
    });
  }

  /** @returns its URL; it listens on this machine only, on a free port */
  async start(): Promise<string> {
    if (this.folder !== undefined) await mkdir(this.folder, { recursive: true });
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = this.server.server.address() as AddressInfo;
    return `smtp://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(resolve));
  }

  private refusal(address: string): Error | null {
    const domain = address.split('@')[1];
    if (domain === 'gone.example') return refuse(550, 'no such mailbox');
    if (domain === 'full.example') return refuse(452, 'mailbox full');
    if (domain !== 'busy.example') return null;
    const times = (this.refusals.get(address) ?? 0) + 1;
    this.refusals.set(address, times);
    return times <= PUT_OFF ? refuse(451, 'greylisted, try again later') : null;
  }

  private async keep(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
    const mail = await buffer(stream);
    if (this.folder === undefined) return;
    this.received += 1;
    const to = session.envelope.rcptTo[0]?.address.replace(/[^\w@.-]/g, '_') ?? 'nobody';
    const file = join(this.folder, `${process.pid}-${this.received}-${to}.eml`);
    // Renamed when complete: whoever watches the folder never reads half a mail.
    await writeFile(`${file}.part`, mail);
    await rename(`${file}.part`, file);
  }
}

function refuse(responseCode: number, reason: string): Error {
  return Object.assign(new Error(reason), { responseCode });
}
