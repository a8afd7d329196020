import type { ClosedOrders } from './closed.shop.js';
import type { Ordered } from './orders.js';
import type { TaskView } from './postcards.client.js';
import type { Report } from '../reports/reports.processor.js';
import type { RenderedPostcard } from '../postcards/postcards.processor.js';
import type { Story } from './story.js';

/** Lists what was ordered and what became of it. */
export function show(ordered: Ordered, tasks: ReadonlyMap<string, TaskView>, story: Story): void {
  for (const [{ cityId, to }, id] of ordered.postcards) {
    const card = tasks.get(id);
    const rendered = card?.result as RenderedPostcard | undefined;
    row(story, `postcard ${cityId}`, card, `${Math.round((rendered?.bytes ?? 0) / 1024)} kB`);
    const mail = tasks.get(rendered?.mailTaskId ?? '');
    row(story, `  mail to ${to}`, mail, mail?.error ? mail.error.message : '');
  }
  for (const [from, id] of ordered.reports) {
    const task = tasks.get(id);
    const report = task?.result as Report | undefined;
    const mean = report ? Math.round(report.sumKm / report.cities) : 0;
    row(story, `report from ${from}`, task, `cities are ${mean} km away on average`);
  }
}

/** The same of what was ordered while the shop was closed; of the hotel's cards, how many came to which end. */
export function showClosed(
  { hotel, mia, express, offer }: ClosedOrders,
  stopped: string,
  tasks: ReadonlyMap<string, TaskView>,
  story: Story,
): void {
  row(story, 'express postcard', tasks.get(express), '');
  row(story, 'Mia’s postcard', tasks.get(mia), '');
  row(story, 'offer', tasks.get(offer), '');
  row(story, 'report from au-sydney', tasks.get(stopped), '');
  const cards = hotel.map((id) => tasks.get(id));
  const mails = cards.map((card) =>
    tasks.get((card?.result as RenderedPostcard | undefined)?.mailTaskId ?? ''),
  );
  const count = (list: readonly (TaskView | undefined)[], state: string): number =>
    list.filter((task) => task?.state === state).length;
  const ends = `${count(cards, 'cancelled')} cancelled, ${count(mails, 'dead')} came back`;
  story.tell(
    `${'postcards of Grand Hotel'.padEnd(32)} ${`${count(mails, 'completed')} arrived`.padEnd(22)} ${ends}`,
  );
}

export function row(story: Story, what: string, task: TaskView | undefined, detail: string): void {
  const state = task ? `${task.state}, attempt ${task.attempt}` : 'not found';
  story.tell(`${what.padEnd(32)} ${state.padEnd(22)} ${detail}`.trimEnd());
}
