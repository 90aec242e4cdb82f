import { html, type Markup } from '../../platform/html/index.js';

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Beside the bar. */
  readonly text: string;
  /** Class of the bar's colour. */
  readonly tone?: 'main' | 'soft' | 'good' | 'bad';
}

const ROW = 30;
const LABEL = 150;
const PLOT = 420;
const TEXT = 150;
const WIDTH = LABEL + PLOT + TEXT;

/** Horizontal bars from zero, longest = the largest value. Each bar also says its value in words: nothing hangs on colour or length. */
export function bars(title: string, data: readonly Bar[]): Markup {
  const most = Math.max(1, ...data.map((bar) => bar.value));
  const height = data.length * ROW;
  return html`<svg class="plot" role="img" aria-label="${title}: ${data.map((bar) => `${bar.label} ${bar.text}`).join(', ')}" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">
${data.map((bar, i) => {
    const y = i * ROW;
    const width = round((bar.value / most) * PLOT);
    return html`<text class="label" x="${LABEL - 10}" y="${y + 20}">${bar.label}</text><rect class="track" x="${LABEL}" y="${y + 5}" width="${PLOT}" height="20" rx="4"/><rect class="${bar.tone ?? 'main'}" x="${LABEL}" y="${y + 5}" width="${bar.value > 0 ? Math.max(2, width) : 0}" height="20" rx="4"/><text class="value" x="${LABEL + PLOT + 10}" y="${y + 20}">${bar.text}</text>
`;
  })}</svg>`;
}

const DAY_WIDTH = 340;
const DAY_HEIGHT = 120;
const AXIS = 22;

/** One small column chart over days, on its own scale from zero; the largest value is written at its top. */
export function columns(title: string, days: readonly string[], values: readonly number[], tone: string, show: (value: number) => string): Markup {
  const most = Math.max(...values, 0);
  const step = (DAY_WIDTH - 2) / Math.max(1, days.length);
  const plot = DAY_HEIGHT - AXIS - 18;
  const scale = (value: number): number => (most > 0 ? round((Math.max(0, value) / most) * plot) : 0);
  return html`<figure><figcaption>${title}</figcaption><svg class="plot" role="img" aria-label="${title} by day, at most ${show(most)} on a day" viewBox="0 0 ${DAY_WIDTH} ${DAY_HEIGHT}" width="${DAY_WIDTH}" height="${DAY_HEIGHT}">
<text class="tick" x="0" y="11">${show(most)}</text><line class="axis" x1="0" x2="${DAY_WIDTH}" y1="${DAY_HEIGHT - AXIS}" y2="${DAY_HEIGHT - AXIS}"/>
${values.map((value, i) => html`<rect class="${tone}" x="${round(1 + i * step + step * 0.1)}" y="${DAY_HEIGHT - AXIS - scale(value)}" width="${round(Math.max(1, step * 0.8))}" height="${scale(value)}"><title>${days[i]!}: ${show(value)}</title></rect>`)}
<text class="tick" x="0" y="${DAY_HEIGHT - 6}">${days[0] ?? ''}</text><text class="tick end" x="${DAY_WIDTH}" y="${DAY_HEIGHT - 6}">${days.length > 1 ? days.at(-1)! : ''}</text>
</svg></figure>`;
}

export interface Estimate {
  readonly label: string;
  readonly value: number;
  readonly interval: readonly [number, number];
  /** The wider interval that is valid at every look. */
  readonly sequence: readonly [number, number] | null;
  readonly text: string;
  /** How a value on the axis is written. */
  readonly show: (value: number) => string;
}

const FOREST_ROW = 68;

/** A difference with its intervals against the line of no effect: thick the 95 % interval, thin the always-valid one. */
export function forest(title: string, { label, value, interval, sequence, text, show }: Estimate): Markup {
  const ends = [0, ...interval, ...(sequence ?? [])];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = (high - low || 1) * 0.08;
  const x = (v: number): number => round(LABEL + ((v - low + margin) / (high - low + 2 * margin || 1)) * PLOT);
  const y = 22;
  const foot = FOREST_ROW - 18;
  const tone = interval[0] > 0 ? 'good' : interval[1] < 0 ? 'bad' : 'soft';
  return html`<svg class="plot" role="img" aria-label="${title}: ${text}" viewBox="0 0 ${WIDTH} ${FOREST_ROW}" width="${WIDTH}" height="${FOREST_ROW}">
<text class="label" x="${LABEL - 10}" y="${y + 5}">${label}</text><line class="zero" x1="${x(0)}" x2="${x(0)}" y1="4" y2="${foot}"/><text class="tick mid" x="${x(0)}" y="${FOREST_ROW - 5}">no effect</text>
${sequence ? html`<line class="stroke-${tone} thin" x1="${x(sequence[0])}" x2="${x(sequence[1])}" y1="${y}" y2="${y}"/>` : html``}
<line class="stroke-${tone} thick" x1="${x(interval[0])}" x2="${x(interval[1])}" y1="${y}" y2="${y}"/><circle class="${tone}" cx="${x(value)}" cy="${y}" r="6"/><text class="value" x="${LABEL + PLOT + 10}" y="${y + 5}">${text}</text>
<text class="tick mid" x="${x(interval[0])}" y="${y + 22}">${show(interval[0])}</text><text class="tick mid" x="${x(interval[1])}" y="${y + 22}">${show(interval[1])}</text>
</svg>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
