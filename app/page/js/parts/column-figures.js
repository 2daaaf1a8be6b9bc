/** A histogram of one column, and any two columns against each other: of the rows that the filters leave. */

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../html.js";
import { binned, extent } from "../model/columns.js";
import { general } from "../model/rounding.js";
import { ticks } from "./chart.js";

const HEIGHT = 300;
const MARGIN = { left: 58, right: 12, top: 10, bottom: 36 };
const REACH = 12;

export function Figures({ table, rows, chosen, choose }) {
  const numbers = table.names.filter((name) => table.columns.get(name).numeric && name !== "flags");
  const usual = (patterns) => patterns.map((pattern) => numbers.find((name) => pattern.test(name))).find(Boolean) ?? numbers[0];
  const [one, setOne] = useState(() => usual([/^chi2_reduced$/]));
  const [across, setAcross] = useState(() => usual([/_magnitude$/, /_flux$/]));
  const [up, setUp] = useState(() => usual([/_r_e$/, /_n$/, /^chi2_reduced$/]));
  if (!numbers.length) return null;
  const pick = (label, value, onPick) => html`<label class="field">${label}<select value=${value} onChange=${(event) => onPick(event.target.value)}>
    ${numbers.map((name) => html`<option key=${name} value=${name} selected=${name === value}>${name}</option>`)}</select></label>`;
  return html`<div class="columns wide">
    <section class="card stack"><div class="tools"><h2>Histogram</h2>${pick("of", one, setOne)}</div><${Bars} table=${table} rows=${rows} name=${one} /></section>
    <section class="card stack"><div class="tools"><h2>Scatter</h2>${pick("across", across, setAcross)}${pick("up", up, setUp)}</div>
      <${Scatter} table=${table} rows=${rows} across=${across} up=${up} chosen=${chosen} choose=${choose} /></section></div>`;
}

function useWidth() {
  const frame = useRef(null);
  const [width, setWidth] = useState(480);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, Math.round(entry.contentRect.width))));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  return [frame, width];
}

const titleOf = ({ name, unit }) => (unit ? `${name}, ${unit}` : name);

function Bars({ table, rows, name }) {
  const [frame, width] = useWidth();
  const column = table.columns.get(name);
  const { bins, lacking } = useMemo(() => binned(column.values, rows), [column, rows]);
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const [from, to] = bins.length ? [bins[0].from, bins.at(-1).to] : [0, 1];
  const px = (value) => MARGIN.left + ((value - from) / (to - from)) * (width - MARGIN.left - MARGIN.right);
  const py = (count) => HEIGHT - MARGIN.bottom - (count / most) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const label = `Histogram of ${name}: ${(rows.length - lacking).toLocaleString()} rows from ${general(from)} to ${general(to)}`;
  return html`<div ref=${frame}><svg class="chart" viewBox=${`0 0 ${width} ${HEIGHT}`} style=${{ height: `${HEIGHT}px` }} role="img" aria-label=${label}>
      ${ticks(0, most, 4).filter(Number.isInteger).map((tick) => html`<line class="grid" x1=${MARGIN.left} x2=${width - MARGIN.right} y1=${py(tick)} y2=${py(tick)} /><text x=${MARGIN.left - 6} y=${py(tick) + 4} text-anchor="end">${tick}</text>`)}
      ${bins.map(({ from: left, to: right, count }) => html`<rect class="bar" x=${px(left)} width=${Math.max(0.5, px(right) - px(left) - 1)} y=${py(count)} height=${HEIGHT - MARGIN.bottom - py(count)}><title>${`${general(left)} to ${general(right)}: ${count}`}</title></rect>`)}
      ${ticks(from, to, Math.min(8, width / 90)).map((tick) => html`<text x=${px(tick)} y=${HEIGHT - MARGIN.bottom + 15} text-anchor="middle">${general(tick)}</text>`)}
      <path class="axis" fill="none" d=${`M${MARGIN.left} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}H${width - MARGIN.right}`} />
      <text x=${(MARGIN.left + width) / 2} y=${HEIGHT - 4} text-anchor="middle">${titleOf(column)}</text></svg>
    ${lacking > 0 && html`<p class="quiet small">${lacking.toLocaleString()} rows have no value.</p>`}</div>`;
}

/** Points on a canvas, since there may be tens of thousands; a click chooses the nearest. */
function Scatter({ table, rows, across, up, chosen, choose }) {
  const [frame, width] = useWidth();
  const canvas = useRef(null);
  const [pointed, setPointed] = useState(null);
  const [x, y] = [table.columns.get(across), table.columns.get(up)];
  const ranges = useMemo(() => [extent(x.values, rows) ?? [0, 1], extent(y.values, rows) ?? [0, 1]], [x, y, rows]);
  const [[left, right], [low, high]] = ranges;
  const px = (value) => MARGIN.left + ((value - left) / (right - left)) * (width - MARGIN.left - MARGIN.right);
  const py = (value) => HEIGHT - MARGIN.bottom - ((value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const inside = (at) => x.values[at] >= left && x.values[at] <= right && y.values[at] >= low && y.values[at] <= high;
  useEffect(() => {
    const ratio = devicePixelRatio || 1;
    Object.assign(canvas.current, { width: width * ratio, height: HEIGHT * ratio });
    const context = canvas.current.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = getComputedStyle(canvas.current).color;
    context.globalAlpha = rows.length > 3000 ? 0.35 : 0.75;
    const radius = rows.length > 3000 ? 1.5 : 2.5;
    for (const at of rows) {
      if (!inside(at)) continue;
      context.beginPath();
      context.arc(px(x.values[at]), py(y.values[at]), radius, 0, 7);
      context.fill();
    }
  }, [x, y, rows, width, ranges]);
  const nearest = (event) => {
    const box = canvas.current.getBoundingClientRect();
    const [atX, atY] = [event.clientX - box.left, event.clientY - box.top];
    let [found, least] = [null, REACH];
    for (const at of rows) {
      const distance = Math.hypot(px(x.values[at]) - atX, py(y.values[at]) - atY);
      if (distance < least) [found, least] = [at, distance];
    }
    return found;
  };
  const mark = (at, kind) => at !== null && inside(at) && html`<circle class=${kind} r="6" cx=${px(x.values[at])} cy=${py(y.values[at])} />`;
  return html`<div class="scatter" ref=${frame}>
    <canvas ref=${canvas} role="img" aria-label=${`${up} against ${across}, ${rows.length.toLocaleString()} rows; click a point to see its row`} style=${{ width: "100%", height: `${HEIGHT}px` }}
      onPointerMove=${(event) => setPointed(nearest(event))} onPointerLeave=${() => setPointed(null)} onClick=${(event) => { const found = nearest(event); if (found !== null) choose(found); }}></canvas>
    <svg class="chart" viewBox=${`0 0 ${width} ${HEIGHT}`} style=${{ height: `${HEIGHT}px` }} aria-hidden="true">
      ${ticks(low, high, 5).map((tick) => html`<line class="grid" x1=${MARGIN.left} x2=${width - MARGIN.right} y1=${py(tick)} y2=${py(tick)} /><text x=${MARGIN.left - 6} y=${py(tick) + 4} text-anchor="end">${general(tick)}</text>`)}
      ${ticks(left, right, Math.min(8, width / 90)).map((tick) => html`<text x=${px(tick)} y=${HEIGHT - MARGIN.bottom + 15} text-anchor="middle">${general(tick)}</text>`)}
      <path class="axis" fill="none" d=${`M${MARGIN.left} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}H${width - MARGIN.right}`} />
      <text x=${(MARGIN.left + width) / 2} y=${HEIGHT - 4} text-anchor="middle">${titleOf(x)}</text><text transform=${`translate(12 ${HEIGHT / 2}) rotate(-90)`} text-anchor="middle">${titleOf(y)}</text>
      ${mark(chosen, "chosen")}${mark(pointed, "pointed")}</svg>
    <p class="quiet small">${pointed === null ? "Click a point to see its row." : `Row ${table.numbers[pointed]}: ${general(x.values[pointed])}, ${general(y.values[pointed])}`}</p></div>`;
}
