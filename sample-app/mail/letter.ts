/** A mail to be sent: the payload of the task `mail.deliver`. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly picture?: { readonly name: string; readonly png: Buffer };
}
