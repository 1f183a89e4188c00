// A line through measured points as an SVG of its own: no script, no font from elsewhere, legible in light and dark.
import { figure } from './numbers.ts';

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 20;
const TOP = 40;
const BOTTOM = 52;

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export function svgOf({ title, xLabel, yLabel, points }: Plot): string {
  const xMax = Math.max(...points.map(({ x }) => x)) || 1;
  const yMax = (Math.max(...points.map(({ y }) => y)) || 1) * 1.15;
  const px = (x: number) => LEFT + (x / xMax) * (WIDTH - LEFT - RIGHT);
  const py = (y: number) => HEIGHT - BOTTOM - (y / yMax) * (HEIGHT - TOP - BOTTOM);
  const line = points.map(({ x, y }) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(' ');
  const dots = points.map(
    ({ x, y }) =>
      `<circle cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="4"/>` +
      `<text x="${px(x).toFixed(1)}" y="${(py(y) - 10).toFixed(1)}" text-anchor="middle" stroke="none">${figure(y)}</text>`,
  );
  const ticks = points.map(
    ({ x }) => `<text x="${px(x).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${figure(x)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
<style>svg{font:12px system-ui,sans-serif;fill:#444;background:#fff}.l{stroke:#1565c0;fill:none;stroke-width:2}.d{fill:#1565c0}.a{stroke:#888}
@media(prefers-color-scheme:dark){svg{fill:#ccc;background:#181818}.l{stroke:#64b5f6}.d{fill:#64b5f6}}</style>
<text x="${LEFT}" y="20" font-weight="600">${title}</text>
<path class="a" d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}" fill="none"/>
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${xLabel}</text>
<text transform="translate(16 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${yLabel}</text>
${ticks.join('\n')}
<polyline class="l" points="${line}"/>
<g class="d">${dots.join('\n')}</g>
</svg>
`;
}
