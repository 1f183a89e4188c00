/**
 * Charts as SVG made on the server: they need no script, take the page's colours, and each has its figures as a table
 * beside it. The drawing stretches with its place; the words around it do not.
 */
import { axisTop } from '../../../src/domain/day-chart.ts';

export interface Series {
  readonly label: string;
  /** main: drawn in full; before: what it is compared with. */
  readonly look: 'main' | 'before';
  /** Values from left to right; null: none. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly id: string;
  readonly title: string;
  /** What is to be seen, in a sentence. */
  readonly summary: string;
  readonly series: readonly Series[];
  /** Names of the places from left to right, for the table and on hover. */
  readonly places: readonly string[];
  /** Words under the axis, evenly spaced. */
  readonly ticks: readonly string[];
  readonly format: (value: number) => string;
  /** Shown where there is nothing to draw. */
  readonly empty: string;
  /** False where the page has the figures in a table of its own. */
  readonly hasTable?: boolean;
}

const WIDTH = 960;
const HEIGHT = 160;

export function LineChart(props: ChartProps) {
  const { id, title, summary, series, places, ticks, format, empty, hasTable = true } = props;
  const values = series.flatMap(({ values: own }) => own.filter((value) => value !== null));
  const top = axisTop(Math.max(0, ...values));
  return (
    <figure class="chart" aria-labelledby={`${id}-title`}>
      <figcaption>
        <strong id={`${id}-title`}>{title}</strong>
        <span class="legend">
          {series.map(({ label, look }) => (
            <span class={`key ${look}`}>{label}</span>
          ))}
        </span>
      </figcaption>
      {values.length === 0 ? (
        <p class="chart-empty quiet">{empty}</p>
      ) : (
        <>
          <p class="quiet chart-summary">{summary}</p>
          <div class="plot">
            <div class="axis-y" aria-hidden="true">
              <span>{format(top)}</span>
              <span>{format(top / 2)}</span>
              <span>0</span>
            </div>
            <svg
              viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
              preserveAspectRatio="none"
              role="img"
              aria-labelledby={`${id}-svg-title ${id}-svg-desc`}
            >
              <title id={`${id}-svg-title`}>{title}</title>
              <desc id={`${id}-svg-desc`}>{summary}</desc>
              <path class="grid" d={`M0 0.5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}`} />
              {[...series].reverse().map(({ look, values: own }) => (
                <path class={`line ${look}`} d={linePath(own, top)} />
              ))}
              {places.map((place, i) => (
                <Hover place={place} at={i} count={places.length} series={series} format={format} />
              ))}
            </svg>
            <div class="axis-x" aria-hidden="true">
              {ticks.map((tick) => (
                <span>{tick}</span>
              ))}
            </div>
          </div>
          {hasTable && <ChartTable {...props} />}
        </>
      )}
    </figure>
  );
}

/** A line through the values; one that has no neighbour is drawn as a short stroke. */
function linePath(values: readonly (number | null)[], top: number): string {
  const step = WIDTH / values.length;
  const y = (value: number) => (HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1);
  let path = '';
  values.forEach((value, i) => {
    if (value === null) return;
    const x = (i + 0.5) * step;
    const hasBefore = i > 0 && values[i - 1] !== null;
    const hasAfter = values[i + 1] !== null && values[i + 1] !== undefined;
    if (hasBefore) path += `L${x.toFixed(1)} ${y(value)}`;
    else path += `M${(hasAfter ? x : x - step / 2).toFixed(1)} ${y(value)}`;
    if (!hasBefore && !hasAfter) path += `h${step.toFixed(1)}`;
  });
  return path;
}

function Hover(props: {
  place: string;
  at: number;
  count: number;
  series: readonly Series[];
  format: (value: number) => string;
}) {
  const { place, at, count, series, format } = props;
  const told = series.flatMap(({ label, values }) => {
    const value = values[at];
    return value == null ? [] : [`${label} ${format(value)}`];
  });
  if (told.length === 0) return null;
  const step = WIDTH / count;
  return (
    <rect class="hover" x={(at * step).toFixed(1)} y="0" width={step.toFixed(1)} height={HEIGHT}>
      <title>{`${place}: ${told.join(', ')}`}</title>
    </rect>
  );
}

function ChartTable({ title, series, places, format }: ChartProps) {
  const rows = places.flatMap((place, i) => (series.some(({ values }) => values[i] != null) ? [{ place, i }] : []));
  return (
    <details class="chart-table">
      <summary>As a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keyboard. */}
      <section class="scroll" aria-label={`${title}, as a table`} tabIndex={0}>
        <table>
          <caption class="hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {series.map(({ label }) => (
                <th scope="col" class="n">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ place, i }) => (
              <tr>
                <th scope="row">{place}</th>
                {series.map(({ values }) => (
                  <td class="n">{values[i] == null ? '–' : format(values[i])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}

/** A share of a whole as a bar; the figure stands beside it. */
export function ShareBar({ value, total, look }: { value: number; total: number; look: string }) {
  const percent = total === 0 ? 0 : (value / total) * 100;
  return (
    <svg class={`share ${look}`} aria-hidden="true" focusable="false">
      <rect width="100%" height="100%" rx="3" class="share-all" />
      <rect width={`${percent.toFixed(1)}%`} height="100%" rx="3" />
    </svg>
  );
}
