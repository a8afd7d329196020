/** What it costs to send a postcard to a country. */
export interface Rate {
  /** Two letters, ISO 3166. */
  readonly country: string;
  readonly cents: number;
  /** When the post office was asked. */
  readonly askedAt: Date;
}
