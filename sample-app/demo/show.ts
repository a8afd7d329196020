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
  row(story, 'reminder', tasks.get(ordered.reminder), '');
  for (const [from, id] of ordered.reports) {
    const task = tasks.get(id);
    const report = task?.result as Report | undefined;
    const mean = report ? Math.round(report.sumKm / report.cities) : 0;
    row(story, `report from ${from}`, task, `cities are ${mean} km away on average`);
  }
}

function row(story: Story, what: string, task: TaskView | undefined, detail: string): void {
  const state = task ? `${task.state}, attempt ${task.attempt}` : 'not found';
  story.tell(`${what.padEnd(32)} ${state.padEnd(22)} ${detail}`.trimEnd());
}
