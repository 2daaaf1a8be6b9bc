/** A chart of lines and dots with axes, drawn as SVG in the page's colours. */

import { html, useLayoutEffect, useRef, useState } from "../html.js";
import { general } from "../model/rounding.js";

const MARGIN = { left: 62, right: 12, top: 10, bottom: 34 };
const HEIGHT = 240;

/** `series`: {name, points: [[x, y], …], tone: 1…4, dots, bare: dots alone}; `mark` is a place along x; without finite points it says so. */
export function Chart({ series, x, y, logY = false, height = HEIGHT, label, mark = null }) {
  const frame = useRef(null);
  const [width, setWidth] = useState(480);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, entry.contentRect.width)));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  const scale = logY ? Math.log10 : (value) => value;
  const drawn = series.map((each) => ({
    ...each,
    points: each.points.filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b) && (!logY || b > 0)),
  }));
  const all = drawn.flatMap(({ points }) => points);
  const [left, right] = range(all.map(([a]) => a), 0);
  const [low, high] = range(all.map(([, b]) => scale(b)), 0.06);
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const px = (value) => MARGIN.left + ((value - left) / (right - left)) * inner.width;
  const py = (value) => MARGIN.top + inner.height - ((scale(value) - low) / (high - low)) * inner.height;
  const yTicks = logY ? decades(low, high) : ticks(low, high, 5);
  const path = (points) => points.map(([a, b], at) => `${at ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");
  return html`<div ref=${frame}><svg class="chart" viewBox=${`0 0 ${width} ${height}`} height=${height} style=${{ height: `${height}px` }} role="img" aria-label=${label}>
    ${all.length === 0
      ? html`<text x=${width / 2} y=${height / 2} text-anchor="middle">nothing to show yet</text>`
      : html`
        ${yTicks.map((tick) => html`<line class="grid" x1=${MARGIN.left} x2=${width - MARGIN.right} y1=${py(tick)} y2=${py(tick)} />
          <text x=${MARGIN.left - 6} y=${py(tick) + 4} text-anchor="end">${general(tick)}</text>`)}
        ${ticks(left, right, Math.min(8, width / 90)).map((tick) => html`<text x=${px(tick)} y=${height - MARGIN.bottom + 15} text-anchor="middle">${general(tick)}</text>`)}
        <path class="axis" fill="none" d=${`M${MARGIN.left} ${MARGIN.top}V${height - MARGIN.bottom}H${width - MARGIN.right}`} />
        ${mark !== null && mark >= left && mark <= right && html`<line class="mark" x1=${px(mark)} x2=${px(mark)} y1=${MARGIN.top} y2=${height - MARGIN.bottom} />`}
        ${drawn.map(({ points, tone, dots, bare }) => html`
          ${points.length > 1 && !bare && html`<path class=${`line s${tone}`} d=${path(points)} />`}
          ${(dots || points.length === 1) && points.map(([a, b]) => html`<circle class=${`dot s${tone}`} r="2.6" cx=${px(a)} cy=${py(b)} />`)}`)}
        <text x=${MARGIN.left + inner.width / 2} y=${height - 4} text-anchor="middle">${x}</text>
        <text transform=${`translate(12 ${MARGIN.top + inner.height / 2}) rotate(-90)`} text-anchor="middle">${y}</text>`}
  </svg></div>`;
}

function range(values, room) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!(high > low)) return [low - 0.5, low + 0.5];
  return [low - room * (high - low), high + room * (high - low)];
}

/** Round numbers between two others, about `count` of them. */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((candidate) => candidate >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + 1e-9 * step; tick += step) found.push(Number(tick.toPrecision(10)));
  return found;
}

/** Round numbers along a logarithmic axis; `low` and `high` are its ends' logarithms. */
function decades(low, high) {
  const digits = high - low > 2.5 ? [1] : high - low > 0.8 ? [1, 2, 5] : null;
  if (!digits) return ticks(10 ** low, 10 ** high, 5);
  const found = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power += 1) {
    for (const digit of digits) found.push(digit * 10 ** power);
  }
  return found.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
}
