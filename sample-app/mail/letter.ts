/** A mail to be sent: the payload of the task `mail.deliver`. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The account that hears of it when the letter can't be delivered; nobody does without. */
  readonly customer?: string;
  readonly picture?: { readonly name: string; readonly png: Buffer };
}
