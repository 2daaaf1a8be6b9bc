/** Tools to look at images: crosshair, a line's profile, a region's statistics, contours, smoothing, north up, a place to go to, header, picture. */

import { html, useMemo, useRef, useState } from "../html.js";
import { STRETCHES } from "../image/cuts.js";
import { alongLine, coarse, contourPath, placeIn, statistics } from "../image/filters.js";
import { compassOf, pixelOfSky } from "../image/sky.js";
import { general } from "../model/rounding.js";
import { getJson } from "../service.js";
import { Failure, useAnswer, Waiting } from "./asking.js";
import { Chart } from "./chart.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { saveBlob } from "./saving.js";
import { snapshotOf } from "./snapshot.js";
import { complain } from "./toasts.js";

const TOOLS = { line: "Profile along a line", region: "Statistics of a region" };
const SMOOTHING = [0, 1, 2, 4, 8];
const LEVELS = 6;

/** State of the tools of panes that share a camera. `others` is what else a pointer may draw, which tools give way to. */
export function useLooking(camera, sky, cursor) {
  const [tool, setTool] = useState(null);
  const [crosshair, setCrosshair] = useState(false);
  const [contours, setContours] = useState(false);
  const [sigma, setSigma] = useState(0);
  const [line, setLine] = useState(null);
  const [region, setRegion] = useState(null);
  const [turned, setTurned] = useState(false);
  const [pinned, setPinned] = useState(null);
  const [ring, setRing] = useState(null);
  const from = useRef(null);
  const draw = tool && ((at, phase) => {
    if (phase === "start") from.current = at;
    if (!from.current) return;
    const [[x0, y0], [x1, y1]] = [from.current, at];
    if (Math.hypot(x1 - x0, y1 - y0) > 1) {
      if (tool === "line") setLine([[x0, y0], [x1, y1]]);
      else setRegion({ x: [Math.min(x0, x1), Math.max(x0, x1)], y: [Math.min(y0, y1), Math.max(y0, y1)] });
    }
    if (phase === "end") from.current = null;
  });
  const turn = () => {
    if (turned) camera.turn();
    else {
      const { north, east } = compassOf(sky);
      camera.turn(north, east);
    }
    setTurned(!turned);
  };
  const goTo = (text) => {
    const place = placeIn(text, sky && ((ra, dec) => pixelOfSky(sky, ra, dec)));
    if (!place) return false;
    camera.move(place[0], place[1], Math.max(camera.zoom, 2));
    setPinned(place);
    return true;
  };
  return {
    tool, setTool, crosshair, setCrosshair, contours, setContours, sigma, setSigma, line, setLine, region, setRegion, turned, turn, goTo, draw, pinned, setPinned, ring, setRing,
    at: cursor ?? pinned, camera, sky,
  };
}

/** The row of buttons. `file` is the upload whose header there is to show; `frame` holds the pane that is saved. */
export function LookingTools({ looking, file, frame, name }) {
  const { tool, setTool, crosshair, setCrosshair, contours, setContours, sigma, setSigma, turned, turn, sky, goTo } = looking;
  const [header, setHeader] = useState(false);
  const [lost, setLost] = useState(false);
  const pick = (which) => {
    setTool(tool === which ? null : which);
  };
  const save = async () => {
    try {
      const panes = [...frame.current.querySelectorAll(".pane")];
      for (const pane of panes) {
        const title = pane.querySelector(".title")?.textContent ?? "view";
        saveBlob(await snapshotOf(pane), `${[name, panes.length > 1 ? title : ""].filter(Boolean).join(" ").replace(/[^\w.-]+/g, "-").replace(/-+$/, "") || "view"}.png`);
      }
    } catch (error) {
      complain(error);
    }
  };
  const typed = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    setLost(!goTo(event.target.value));
  };
  return html`<div class="tools looking" role="group" aria-label="Tools to look">
    <button aria-pressed=${crosshair} onClick=${() => setCrosshair(!crosshair)}>Crosshair</button>
    ${Object.entries(TOOLS).map(([which, words]) => html`<button key=${which} aria-pressed=${tool === which} onClick=${() => pick(which)}>${words}</button>`)}
    <button aria-pressed=${contours} onClick=${() => setContours(!contours)}>Contours</button>
    <label class="field">Smoothed by<select value=${sigma} onChange=${(event) => setSigma(Number(event.target.value))}>${SMOOTHING.map((each) => html`<option key=${each} value=${each} selected=${each === sigma}>${each ? `σ = ${each} px` : "nothing"}</option>`)}</select></label>
    ${sky && html`<button aria-pressed=${turned} onClick=${turn}>North up</button>`}
    <label class="field">Go to<input class="go-to" size="16" spellcheck="false" placeholder=${sky ? "x y, or hh:mm:ss dd:mm:ss" : "x y"} aria-invalid=${lost} onKeyDown=${typed} onInput=${() => setLost(false)} /></label>
    ${lost && html`<span class="fault" role="alert">That is no place${sky ? ": two pixels, degrees with °, or sexagesimal" : ": two pixels"}.</span>`}
    ${file && html`<button onClick=${() => setHeader(true)}>Header</button>`}
    <button onClick=${save}><${Icon} name="download" />PNG</button>
    ${header && html`<${Header} file=${file} close=${() => setHeader(false)} />`}</div>
    ${tool && html`<p class="quiet small" role="status">Drag on the image ${tool === "line" ? "along a line" : "over a region"}. Press the button again to move the image by dragging.</p>`}`;
}

/** What the tools draw over a pane, in the image's coordinates. */
export function LookingMarks({ looking, camera, contours }) {
  const { crosshair, at, line, region, pinned, ring } = looking;
  const far = 1e5;
  const cross = crosshair ? at : pinned;
  const arm = crosshair ? far : 14 / camera.zoom;
  return html`<g class="marks">
    ${contours?.map(({ level, path }) => html`<path class="contour" key=${level} d=${path} />`)}
    ${cross && html`<g class="cross"><line x1=${cross[0] - arm} x2=${cross[0] + arm} y1=${cross[1]} y2=${cross[1]} /><line y1=${cross[1] - arm} y2=${cross[1] + arm} x1=${cross[0]} x2=${cross[0]} /></g>`}
    ${line && html`<line class="drawn" x1=${line[0][0]} y1=${line[0][1]} x2=${line[1][0]} y2=${line[1][1]} />`}
    ${region && html`<rect class="drawn" x=${region.x[0]} y=${region.y[0]} width=${region.x[1] - region.x[0]} height=${region.y[1] - region.y[0]} />`}
    ${ring && html`<ellipse class="drawn" transform=${`translate(${ring.x} ${ring.y}) rotate(${ring.pa})`} rx=${ring.r * ring.q} ry=${ring.r} />`}</g>`;
}

/** Contours of a plane, as many as its look has equal steps of brightness, and of its pixels no more than are seen. */
export function useContours(plane, look, wanted) {
  const small = useMemo(() => (wanted && plane ? coarse(plane) : null), [plane, wanted]);
  return useMemo(() => (small && look ? levelsOf(look).map((level) => ({ level, path: contourPath(small, level) })) : null), [small, look]);
}

/** Values at which the stretched brightness is a seventh, two sevenths, … */
function levelsOf({ low, high, stretch, softening }) {
  const shareOf = (brightness) => {
    let [below, above] = [0, 1];
    for (let round = 0; round < 40; round += 1) {
      const middle = (below + above) / 2;
      if (STRETCHES[stretch](middle, softening) < brightness) below = middle;
      else above = middle;
    }
    return (below + above) / 2;
  };
  return Array.from({ length: LEVELS }, (_, at) => low + (high - low) * shareOf((at + 1) / (LEVELS + 1)));
}

/** What the tools found: the line's profile and the region's numbers, of planes by what they are called. */
export function LookingPanels({ looking, planes }) {
  const { line, region, setLine, setRegion } = looking;
  const named = Object.entries(planes).filter(([, plane]) => plane);
  return html`${line && html`<section class="card stack" aria-label="Profile along the line"><div class="row split"><h2>Along the line</h2><button class="bare" onClick=${() => setLine(null)}>Remove</button></div>
      <${LineCharts} named=${named} line=${line} /></section>`}
    ${region && html`<section class="card stack" aria-label="Statistics of the region"><div class="row split"><h2>In the region</h2><button class="bare" onClick=${() => setRegion(null)}>Remove</button></div>
      <p class="quiet small numbers">x ${region.x.map((value) => value.toFixed(1)).join(" to ")}, y ${region.y.map((value) => value.toFixed(1)).join(" to ")}</p><${RegionTable} named=${named} region=${region} /></section>`}`;
}

function LineCharts({ named, line }) {
  const cut = useMemo(() => named.map(([name, plane]) => ({ name, points: alongLine(plane, ...line) })), [line, ...named.map(([, plane]) => plane)]);
  const [bright, residual] = [cut.filter(({ name }) => !name.startsWith("Residual")), cut.filter(({ name }) => name.startsWith("Residual"))];
  const series = bright.map((each, at) => ({ ...each, tone: at + 1 }));
  const length = Math.hypot(line[1][0] - line[0][0], line[1][1] - line[0][1]);
  return html`<p class="small quiet numbers">${length.toFixed(1)} pixels, from (${line[0].map((value) => value.toFixed(1)).join(", ")}) to (${line[1].map((value) => value.toFixed(1)).join(", ")})</p>
    <${Legend} series=${series} /><${Chart} series=${series} x="pixels along the line" y="value" label=${`Values along the line: ${bright.map(({ name }) => name).join(", ")}`} />
    ${residual.length > 0 && html`<${Chart} series=${residual.map((each) => ({ ...each, tone: 2 }))} x="pixels along the line" y="residual / σ" height=${160} label="Residual along the line" />`}`;
}

export const Legend = ({ series }) => series.length > 1 && html`<p class="legend small">${series.map(({ name, tone }) => html`<span key=${name}><i class=${`tone${tone}`}></i>${name}</span>`)}</p>`;

const FIGURES = { count: "pixels", sum: "sum", mean: "mean", median: "median", deviation: "standard deviation", minimum: "least", maximum: "greatest" };

function RegionTable({ named, region }) {
  const found = useMemo(() => named.map(([name, plane]) => [name, statistics(plane, region)]), [region, ...named.map(([, plane]) => plane)]);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Numbers of the region"><table><thead><tr><th scope="col"><span class="visually-hidden">Figure</span></th>${found.map(([name]) => html`<th scope="col" class="number" key=${name}>${name}</th>`)}</tr></thead>
    <tbody>${Object.entries(FIGURES).map(([key, words]) => html`<tr key=${key}><th scope="row">${words}</th>${found.map(([name, numbers]) => html`<td class="number" key=${name}>${general(numbers[key])}</td>`)}</tr>`)}</tbody></table></div>`;
}

/** The header of an image's file, its cards searched by words. */
function Header({ file, close }) {
  const { value, error } = useAnswer(() => getJson(`/v1/uploads/${file.upload}/header${file.hdu === undefined || file.hdu === null ? "" : `?hdu=${encodeURIComponent(file.hdu)}`}`), [file.upload, file.hdu]);
  const [words, setWords] = useState("");
  const needed = words.toLowerCase().split(/\s+/).filter(Boolean);
  const cards = value?.cards.filter((card) => needed.every((word) => `${card.keyword} ${card.value} ${card.comment}`.toLowerCase().includes(word))) ?? [];
  return html`<${Dialog} title="Header" close=${close}><div class="stack dialog-body">
    <input type="search" aria-label="Search the header" placeholder="Search the header" value=${words} onInput=${(event) => setWords(event.target.value)} />
    ${error && html`<${Failure} error=${error} />`}${!value && !error && html`<${Waiting} what="Reading the header" />`}
    ${value && (cards.length ? html`<div class="scroll header-cards" tabindex="0" role="region" aria-label="Cards of the header"><table><thead><tr><th scope="col">keyword</th><th scope="col">value</th><th scope="col">comment</th></tr></thead>
      <tbody>${cards.map(({ keyword, value: said, comment }, at) => html`<tr key=${at}><th scope="row"><code>${keyword}</code></th><td><code>${said === null ? "" : String(said)}</code></td><td class="quiet">${comment}</td></tr>`)}</tbody></table></div>`
      : html`<p class="quiet">${value.cards.length ? "No card has these words." : "This file has no header."}</p>`)}</div></${Dialog}>`;
}

