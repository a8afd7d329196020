import { expect, test } from '@jest/globals';
import { ObjectSlot } from '../../../lib/common/decorators/object.slot.js';

class Given {}

class Plain {}
class Slotted {}
class Inheriting extends Slotted {}

const slot = new ObjectSlot('nestjs-depot.test', Given);
slot.defineOn(Slotted.prototype);

test.each([
  ['an object of a class that has the slot', new Slotted()],
  ['one of a class that inherits it', new Inheriting()],
  ['a frozen one', Object.freeze(new Slotted())],
])('%s is bound, and shows nothing of it', (_, object) => {
  const given = new Given();
  expect(slot.of(object)).toBeUndefined();
  slot.bind(object, given);

  expect(slot.of(object)).toBe(given);
  expect(slot.of(new Slotted())).toBeUndefined();
  expect(Reflect.ownKeys(object)).toEqual([]);
});

test.each([new Plain(), {}, Object.create(null), null, undefined, 'text', 7])(
  '%p stays as it is',
  (object) => {
    slot.bind(object, new Given());

    expect(slot.of(object)).toBeUndefined();
  },
);

test('a proxy that answers to every name is not taken for one', () => {
  const proxy = new Proxy({}, { get: () => 'something', has: () => true });
  slot.bind(proxy, new Given());

  expect(slot.of(proxy)).toBeUndefined();
});

test('what one copy of the library binds, decorators of another one find', () => {
  const [object, given] = [new Slotted(), new Given()];
  const other = new ObjectSlot('nestjs-depot.test', Given);
  other.defineOn(Slotted.prototype);
  other.bind(object, given);

  expect(slot.of(object)).toBe(given);
});
