import './shipped.font.js';
import sharp from 'sharp';
import type { Card } from './card.js';
import { cardSvg } from './card.svg.js';

/** Draws the card as a PNG. */
export function renderCard(card: Card): Promise<Buffer> {
  return sharp(Buffer.from(cardSvg(card)))
    .png()
    .toBuffer();
}
