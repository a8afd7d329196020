/** Who orders postcards. Tasks carry the id alone: groups and tags are stored in clear, whatever else is encrypted. */
export interface Customer {
  readonly id: string;
  readonly name: string;
  /** Where notices go. */
  readonly address: string;
}

/** Who has no account orders as this one. */
export const GUEST: Customer = { id: 'guest', name: 'Our guests', address: 'desk@postcards.example' };

export const CUSTOMERS: readonly Customer[] = [
  GUEST,
  { id: 'mia', name: 'Mia', address: 'mia@friends.example' },
  { id: 'grand-hotel', name: 'Grand Hotel', address: 'desk@grand-hotel.example' },
  { id: 'travel-club', name: 'Travel Club', address: 'club@busy.example' },
];

/** The customer of that id; whoever has left since is served as a guest. */
export function customer(id: string): Customer {
  return CUSTOMERS.find((known) => known.id === id) ?? GUEST;
}
