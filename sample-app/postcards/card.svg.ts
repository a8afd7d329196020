import { readFileSync } from 'node:fs';
import { asset } from '../config/asset.js';
import { type Card, MESSAGE } from './card.js';
import { dots } from './card.map.js';

const TEMPLATE = readFileSync(asset('card.svg'), 'utf8');
const LINE = { height: 34, characters: 28 } as const;
const MOST_LINES = Math.floor(MESSAGE.height / LINE.height);

/** Fills the card's template. What users wrote is escaped: it can't become markup. */
export function cardSvg({ city, message, surroundings }: Card): string {
  const slots: Record<string, string> = {
    title: escape(city.name),
    titleSize: String(Math.min(46, Math.floor(480 / city.name.length))),
    subtitle: escape(`${degrees(city.lat, 'N', 'S')}  ${degrees(city.lng, 'E', 'W')}`),
    country: escape(city.country),
    dots: dots(city, surroundings),
    message: wrap(message).map(line).join(''),
  };
  return TEMPLATE.replace(/\{\{(\w+)\}\}/g, (_, slot: string) => slots[slot] ?? '');
}

function line(text: string, index: number): string {
  const y = MESSAGE.top + LINE.height * (index + 1);
  return `<text x="${MESSAGE.left}" y="${y}">${escape(text)}</text>`;
}

/** Breaks at spaces and line ends, and inside of words that are longer than a line. What a card has no room for, it lacks. */
function wrap(message: string): string[] {
  const fitting = new RegExp(`(?=\\S).{1,${LINE.characters}}(?=\\s|$)|\\S{1,${LINE.characters}}`, 'gu');
  const lines = message.split(/\r?\n/).flatMap((paragraph) => paragraph.match(fitting) ?? ['']);
  return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES - 1), '…'];
}

function degrees(value: number, positive: string, negative: string): string {
  return `${Math.abs(value).toFixed(2)}° ${value < 0 ? negative : positive}`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  // XML has no way to write control characters and lone surrogates, not even escaped.
  const writable = text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ' ');
  return writable.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
