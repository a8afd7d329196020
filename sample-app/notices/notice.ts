/** Something that a customer is told: that a mail could not be delivered. */
export interface Notice {
  readonly customer: string;
  /** To whom the mail was. */
  readonly to: string;
  readonly reason: string;
}
