import { CityCatalogue } from '../../cities/city.catalogue.js';
import { CARD, MESSAGE } from '../../postcards/card.js';
import { surroundings } from '../../postcards/card.map.js';
// Before sharp, as it sets the fonts.
import { renderCard } from '../../postcards/card.renderer.js';
import type { Email } from 'postal-mime';
import sharp from 'sharp';
import { POSTCARDS, type PostcardOrder } from '../orders.js';
import { readMails, recipient } from '../mail.reader.js';
import type { Story } from '../story.js';

/** Looks at the pictures in the mails that arrived: right size, and the right words on them. */
export async function checkPictures(folder: string, story: Story): Promise<void> {
  const catalogue = new CityCatalogue();
  await catalogue.onModuleInit();
  const mails = await readMails(folder);
  const writing = await Promise.all(POSTCARDS.map((order) => writingOn(order, mails, catalogue)));
  const written = writing.filter((pixels) => pixels > 500).length;
  const least = Math.min(...writing);
  const detail = `${written} PNGs of ${CARD.width}x${CARD.height}, at least ${least} pixels of writing`;
  story.check('each picture shows its message', written === POSTCARDS.length, detail);
}

/** How many pixels of its message are on the picture that was mailed; 0 if it is not the right one. */
async function writingOn(
  order: PostcardOrder,
  mails: readonly Email[],
  catalogue: CityCatalogue,
): Promise<number> {
  const attachment = mails
    .filter((mail) => recipient(mail) === order.to)
    .flatMap(({ attachments }) => attachments)[0];
  if (attachment?.mimeType !== 'image/png' || typeof attachment.content === 'string') return 0;
  const picture = attachment.content;
  const { format, width, height } = await sharp(picture).metadata();
  if (format !== 'png' || width !== CARD.width || height !== CARD.height) return 0;
  // Where a font lacks, every letter is the same box: turned round, the message would look as before.
  const turned = Array.from(order.message).reverse().join('');
  const [same = 1, empty = 0, reversed = 0] = await Promise.all(
    [order.message, '', turned].map(async (message) =>
      difference(picture, await draw(catalogue, { ...order, message })),
    ),
  );
  return same === 0 ? Math.min(empty, reversed) : 0;
}

function draw(catalogue: CityCatalogue, { cityId, message }: PostcardOrder): Promise<Buffer> {
  const city = catalogue.get(cityId);
  if (!city) throw new Error(`there is no city ${cityId}`);
  return renderCard({ city, message, surroundings: surroundings(city, catalogue.all()) });
}

/** How many pixels of the part with the message differ. */
async function difference(a: ArrayBuffer | Uint8Array, b: Uint8Array): Promise<number> {
  const [left, right] = await Promise.all(
    [a, b].map((png) => sharp(png).extract(MESSAGE).greyscale().raw().toBuffer()),
  );
  return left?.filter((level, index) => Math.abs(level - (right?.[index] ?? 0)) > 64).length ?? 0;
}
