/** A place of the GeoNames data set. */
export interface City {
  /** Country and name, such as `pt-lisbon`; namesakes get a number in the order of the data set: `us-springfield.2`. */
  readonly id: string;
  readonly name: string;
  /** Two letters, ISO 3166. */
  readonly country: string;
  readonly lat: number;
  readonly lng: number;
}
