import { describe, expect, test } from '@jest/globals';
import { cardSvg } from '../../sample-app/postcards/card.svg.js';

const city = { id: 'pt-lisbon', name: 'Lisbon', country: 'PT', lat: 38.725, lng: -9.15 };

function linesOf(message: string): string[] {
  const [, written = ''] = cardSvg({ city, message, surroundings: [] }).split('fill="#22223b">');
  return Array.from(written.matchAll(/<text[^>]*>([^]*?)<\/text>/g), ([, line = '']) => line);
}

describe('the card of a city', () => {
  test('what users write can not become markup', () => {
    expect(linesOf('<b>"Tom" & \'Ann\'</b>')).toEqual([
      '&lt;b&gt;&quot;Tom&quot; &amp; &#39;Ann&#39;&lt;/b&gt;',
    ]);
  });

  test('a message that looks like a slot of the template stays a message', () => {
    expect(linesOf('{{title}} $& $1')).toEqual(['{{title}} $&amp; $1']);
  });

  test('what XML can not hold is left out', () => {
    expect(linesOf('a\u0000b\uD800c')).toEqual(['a b c']);
  });

  test('lines break at spaces, at line ends and in words that are too long', () => {
    expect(linesOf('Wish you were here, where it rains')).toEqual(['Wish you were here, where it', 'rains']);
    expect(linesOf('One\n\nTwo')).toEqual(['One', '', 'Two']);
    expect(linesOf('x'.repeat(40))).toEqual(['x'.repeat(28), 'x'.repeat(12)]);
  });

  test('a message that is too long for the card ends in dots', () => {
    const lines = linesOf('a\n'.repeat(100));
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe('…');
  });
});
