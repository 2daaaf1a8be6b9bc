/** The corner plot: covariance and chains over each other, pairs chosen freely, zoomed by brushing. */

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../html.js";
import { bell, covarianceEllipse, density, LEVELS, limitsOf } from "../model/corner.js";
import { looked, neighbour } from "../model/corner-keys.js";
import { getJson } from "../service.js";
import { Failure, useAnswer, Waiting } from "./asking.js";
import { ticks } from "./chart.js";
import { loadChains } from "./chains-panel.js";

const FIRST = 5;
const BINS = 36;
const MARGIN = { left: 58, bottom: 48, top: 6, right: 18 };
const GAP = 4;

export function CornerPanel({ fit, sampled }) {
  const { value, error } = useAnswer(() => load(fit, sampled), [fit.id]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!value) return html`<${Waiting} what="Fetching covariance and chains" />`;
  if (value.names.length === 0) return html`<p class="quiet">No parameter was free.</p>`;
  return html`<${Chosen} content=${value} served=${fit.links.plots.corner} />`;
}

async function load(fit, sampled) {
  const [covariance, parameters, chains] = await Promise.all([
    getJson(fit.links.covariance), getJson(fit.links.parameters), sampled ? loadChains(fit) : null,
  ]);
  const values = Object.fromEntries(parameters.parameters.map(({ name, value }) => [name, value]));
  const names = chains ? chains.names : covariance.names;
  const draws = chains && Object.fromEntries(chains.names.map((name, at) => [name, chains.chains.flatMap((chain) => chain.map((draw) => draw[at]))]));
  return { names, values, draws, covariance };
}

function Chosen({ content, served }) {
  const [chosen, setChosen] = useState(() => firstNames(content.names));
  const [zoom, setZoom] = useState({});
  const toggle = (name) => setChosen(chosen.includes(name) ? chosen.filter((each) => each !== name) : content.names.filter((each) => each === name || chosen.includes(each)));
  const zoomed = Object.keys(zoom).length > 0;
  return html`<details><summary>Which parameters (${chosen.length} of ${content.names.length})</summary>
      <div class="options">${content.names.map((name) => html`<label class="choice" key=${name}><input type="checkbox" checked=${chosen.includes(name)} onChange=${() => toggle(name)} /><code>${name}</code></label>`)}</div></details>
    <div class="row split"><span class="small quiet">Lines are the covariance at 1σ and 2σ${content.draws ? ", points and steps the chains" : ""}. Drag over a square to zoom. With
        keys: arrows choose a square, + − zoom, Shift and arrows move, 0 shows all.</span>
      <span class="row">${zoomed && html`<button class="bare" onClick=${() => setZoom({})}>All of it</button>`}
        <a class="small" href=${served}>as a picture</a></span></div>
    ${chosen.length > 0 && html`<${Drawing} content=${content} names=${chosen} zoom=${zoom} setZoom=${setZoom} />`}`;
}

function Drawing({ content, names, zoom, setZoom }) {
  const frame = useRef(null);
  const canvas = useRef(null);
  const [side, setSide] = useState(0);
  const [theme, setTheme] = useState(0);
  const brush = useRef(null);
  const [held, hold] = useState(null);
  const limits = useMemo(() => Object.fromEntries(names.map((name) => [name, zoom[name] ?? ownLimits(content, name)])), [content, names, zoom]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setSide(Math.min(entry.contentRect.width, 900)));
    observer.observe(frame.current);
    const themes = new MutationObserver(() => setTheme((turn) => turn + 1));
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => (observer.disconnect(), themes.disconnect());
  }, []);
  const layout = { side, cell: (side - MARGIN.left - MARGIN.right - GAP * (names.length - 1)) / names.length };
  useEffect(() => {
    if (side > 0) draw(canvas.current, content, names, limits, layout, brush.current, held);
  }, [content, names, limits, side, theme, held]);
  const at = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const down = (event) => {
    const cell = cellAt(at(event), layout, names.length);
    if (!cell || cell.row === cell.column) return;
    canvas.current.setPointerCapture(event.pointerId);
    hold(cell);
    brush.current = { cell, from: at(event), to: at(event) };
  };
  const move = (event) => {
    if (!brush.current) return;
    brush.current.to = at(event);
    draw(canvas.current, content, names, limits, layout, brush.current, held);
  };
  const up = () => {
    const made = brush.current;
    brush.current = null;
    if (!made) return;
    const [x, y] = [names[made.cell.column], names[made.cell.row]];
    const box = cellBox(made.cell, layout);
    /** @type {(pixels: number[], start: number, limits: number[]) => number[]} */
    const part = ([first, second], start, [low, high]) => [first, second].sort((a, b) => a - b).map((pixel) => low + ((pixel - start) / layout.cell) * (high - low));
    const wide = Math.abs(made.to[0] - made.from[0]) > 6 && Math.abs(made.to[1] - made.from[1]) > 6;
    if (!wide) return void draw(canvas.current, content, names, limits, layout, null, held);
    const [yLow, yHigh] = limits[y];
    const flipped = [made.from[1], made.to[1]].map((pixel) => 2 * box.top + layout.cell - pixel);
    setZoom({ ...zoom, [x]: part([made.from[0], made.to[0]], box.left, limits[x]), [y]: part(flipped, box.top, [yLow, yHigh]) });
  };
  const key = (event) => {
    if (!held || event.ctrlKey || event.metaKey || event.altKey) return;
    const [x, y] = [names[held.column], names[held.row]];
    const next = looked([limits[x], limits[y]], event.key, event.shiftKey);
    const cell = next ? null : neighbour(held, event.key, names.length);
    if (next) setZoom({ ...zoom, [x]: next[0], [y]: next[1] });
    else if (cell) hold(cell);
    else if (event.key === "0") setZoom({});
    else return;
    event.preventDefault();
  };
  const words = `Corner plot of ${names.join(", ")}`;
  const many = names.length > 1;
  return html`<div ref=${frame}><p class="visually-hidden" role="status">${held ? squareWords(names, limits, held) : ""}</p>
    <canvas class="corner" ref=${canvas} role="img" aria-label=${words} tabindex=${many ? 0 : undefined} onKeyDown=${key}
      onFocus=${() => many && hold((before) => before ?? { row: 1, column: 0 })} onBlur=${() => hold(null)}
      onPointerDown=${down} onPointerMove=${move} onPointerUp=${up}></canvas></div>`;
}

/** What a chosen square shows, for who does not see it. */
function squareWords(names, limits, { row, column }) {
  const span = (name) => `${name} from ${limits[name].map(short).join(" to ")}`;
  return `${span(names[row])} against ${span(names[column])}`;
}

/** Shapes and sizes of the first galaxy, which most people ask for first. */
function firstNames(names) {
  const shapes = names.filter((name) => !/\.(x|y|ra|dec)(\[|$)/.test(name) && !/^sky\./.test(name));
  return (shapes.length ? shapes : names).slice(0, FIRST);
}

const rowOf = (content, name) => content.covariance.names.indexOf(name);

function ownLimits(content, name) {
  const at = rowOf(content, name);
  const sigma = at < 0 ? 0 : Math.sqrt(content.covariance.matrix[at][at]);
  return limitsOf(content.values[name], sigma, content.draws?.[name]);
}

const cellBox = ({ row, column }, { cell }) => ({ left: MARGIN.left + column * (cell + GAP), top: MARGIN.top + row * (cell + GAP) });

/** @type {(place: number[], layout: any, count: number) => any} */
function cellAt([x, y], { cell }, count) {
  const column = Math.floor((x - MARGIN.left) / (cell + GAP));
  const row = Math.floor((y - MARGIN.top) / (cell + GAP));
  return column >= 0 && row < count && column <= row ? { row, column } : null;
}

function draw(canvas, content, names, limits, layout, brush, held) {
  const ratio = devicePixelRatio || 1;
  const height = layout.side - MARGIN.left + MARGIN.bottom;
  Object.assign(canvas, { width: layout.side * ratio, height: height * ratio });
  Object.assign(canvas.style, { width: `${layout.side}px`, height: `${height}px` });
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name) && resolved(canvas, name);
  const tones = { line: colour("--line-strong"), text: colour("--quiet"), first: colour("--chart-1"), second: colour("--chart-2") };
  context.font = `11px ${style.fontFamily}`;
  names.forEach((y, row) => names.slice(0, row + 1).forEach((x, column) => {
    const box = cellBox({ row, column }, layout);
    const px = (value) => box.left + ((value - limits[x][0]) / (limits[x][1] - limits[x][0])) * layout.cell;
    const py = (value) => box.top + layout.cell - ((value - limits[y][0]) / (limits[y][1] - limits[y][0])) * layout.cell;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, layout.cell, layout.cell);
    context.clip();
    if (row === column) marginal(context, content, x, limits[x], box, layout.cell, tones);
    else pair(context, content, [x, y], [px, py], tones);
    context.restore();
    context.strokeStyle = tones.line;
    context.strokeRect(box.left + 0.5, box.top + 0.5, layout.cell - 1, layout.cell - 1);
    label(context, { x, y, row, column, last: row === names.length - 1 }, limits, box, layout.cell, tones);
  }));
  if (held && held.row < names.length) {
    const box = cellBox(held, layout);
    Object.assign(context, { strokeStyle: tones.first, lineWidth: 3 });
    context.strokeRect(box.left, box.top, layout.cell, layout.cell);
  }
  if (brush) {
    context.strokeStyle = tones.second;
    context.strokeRect(brush.from[0], brush.from[1], brush.to[0] - brush.from[0], brush.to[1] - brush.from[1]);
  }
}

function pair(context, content, [x, y], [px, py], tones) {
  if (content.draws) {
    context.fillStyle = tones.second;
    context.globalAlpha = 0.35;
    content.draws[x].forEach((value, at) => context.fillRect(px(value) - 0.75, py(content.draws[y][at]) - 0.75, 1.5, 1.5));
    context.globalAlpha = 1;
  }
  const [i, j] = [rowOf(content, x), rowOf(content, y)];
  if (i < 0 || j < 0) return;
  const { matrix } = content.covariance;
  context.strokeStyle = tones.first;
  context.lineWidth = 1.5;
  for (const sigmas of LEVELS) {
    context.beginPath();
    covarianceEllipse([content.values[x], content.values[y]], [[matrix[i][i], matrix[i][j]], [matrix[j][i], matrix[j][j]]], sigmas)
      .forEach(([a, b], at) => (at ? context.lineTo(px(a), py(b)) : context.moveTo(px(a), py(b))));
    context.stroke();
  }
}

/** Histogram and Gaussian of one parameter, to one scale: both enclose the same area. */
function marginal(context, content, name, [low, high], box, cell, tones) {
  const at = rowOf(content, name);
  const bars = content.draws ? density(content.draws[name], [low, high], BINS) : [];
  const curve = at < 0 ? [] : bell(content.values[name], Math.sqrt(content.covariance.matrix[at][at]), [low, high]);
  const tallest = Math.max(...bars, ...curve.map(([, height]) => height));
  const tall = (height) => (0.9 * cell * height) / tallest;
  context.fillStyle = tones.second;
  context.globalAlpha = 0.45;
  bars.forEach((height, bin) => context.fillRect(box.left + (bin * cell) / BINS, box.top + cell - tall(height), cell / BINS + 0.5, tall(height)));
  context.globalAlpha = 1;
  context.strokeStyle = tones.first;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const [value, height] of curve) context.lineTo(box.left + (cell * (value - low)) / (high - low), box.top + cell - tall(height));
  context.stroke();
}

function label(context, { x, y, row, column, last }, limits, box, cell, tones) {
  context.fillStyle = tones.text;
  if (last) {
    context.textAlign = "center";
    for (const tick of ticks(...limits[x], Math.max(2, cell / 50)).slice(0, 3)) {
      context.fillText(short(tick), box.left + ((tick - limits[x][0]) / (limits[x][1] - limits[x][0])) * cell, box.top + cell + 14);
    }
    context.fillText(x, box.left + cell / 2, box.top + cell + 34);
  }
  if (column === 0 && row > 0) {
    context.textAlign = "right";
    for (const tick of ticks(...limits[y], Math.max(2, cell / 40)).slice(0, 4)) {
      context.fillText(short(tick), box.left - 5, box.top + cell - ((tick - limits[y][0]) / (limits[y][1] - limits[y][0])) * cell + 4);
    }
    context.save();
    context.translate(11, box.top + cell / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(y, 0, 0);
    context.restore();
  }
}

const short = (value) => String(Number(value.toPrecision(5)));

/** A colour token as the canvas understands it: light-dark() resolved. */
function resolved(element, token) {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  element.parentNode.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
