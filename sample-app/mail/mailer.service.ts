import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { createTransport, type Transporter } from 'nodemailer';
import type { Settings } from '../config/settings.js';
import type { Letter } from './letter.js';
import { LocalMailServer } from './local-mail.server.js';

/** Sends mails over SMTP: to `SMTP_URL`, or to a server of its own when there is none. */
@Injectable()
export class Mailer implements OnApplicationShutdown {
  private local: LocalMailServer | undefined;
  private transport: Promise<Transporter> | undefined;

  constructor(private readonly config: ConfigService<Settings, true>) {}

  /**
   * @param id of the task. The same on each attempt, so that a mail which is sent twice is shown once.
   */
  async send(id: string, { to, subject, text, picture }: Letter): Promise<string> {
    const transport = await (this.transport ??= this.connect());
    const from = this.config.get('MAIL_FROM', { infer: true });
    const attachments = picture
      ? [{ filename: picture.name, content: picture.png, contentType: 'image/png' }]
      : [];
    const messageId = `<${id}@${from.split('@')[1] ?? 'localhost'}>`;
    await transport.sendMail({ to, subject, text, from, messageId, attachments });
    return messageId;
  }

  async onApplicationShutdown(): Promise<void> {
    (await this.transport)?.close();
    await this.local?.stop();
  }

  private async connect(): Promise<Transporter> {
    const url = this.config.get('SMTP_URL', { infer: true });
    if (url) return createTransport(url);
    this.local = new LocalMailServer(this.config.get('MAIL_DIR', { infer: true }));
    return createTransport(await this.local.start());
  }
}
