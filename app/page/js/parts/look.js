/** How values become colours: stretch, cuts by histogram, colour map. */

import { html, useEffect, useMemo, useRef } from "../html.js";
import { coloursOf, MAPS } from "../image/colourmaps.js";
import { CUTS, histogram, quantile, STRETCHES } from "../image/cuts.js";

import { NumberField } from "./number-field.js";

const BINS = 120;

export function LookTools({ look, plane, onChange }) {
  const change = (changes) => onChange({ ...look, ...changes });
  const recut = (name) => change({ cuts: name, ...CUTS[name](plane.sorted) });
  const cuts = look.cuts in CUTS ? Object.keys(CUTS) : [look.cuts, ...Object.keys(CUTS)];
  const choice = (label, value, options, onPick) => html`
    <label class="field">${label}<select value=${value} onChange=${(event) => onPick(event.target.value)}>
      ${options.map((name) => html`<option key=${name} value=${name} selected=${name === value}>${name}</option>`)}
    </select></label>`;
  return html`
    ${choice("Stretch", look.stretch, Object.keys(STRETCHES), (stretch) => change({ stretch }))}
    ${choice("Cuts", look.cuts, cuts, (name) => name in CUTS && recut(name))}
    ${choice("Colours", look.map, MAPS, (map) => change({ map }))}
    <label class="field">from<span class="cut"><${NumberField} value=${look.low} digits=${4} onValue=${(low) => low !== null && low < look.high && change({ low, cuts: "by hand" })} /></span></label>
    <${Ramp} map=${look.map} />
    <label class="field">to<span class="cut"><${NumberField} value=${look.high} digits=${4} onValue=${(high) => high !== null && high > look.low && change({ high, cuts: "by hand" })} /></span></label>`;
}

function Ramp({ map }) {
  const canvas = useRef(null);
  useEffect(() => {
    const image = new ImageData(new Uint8ClampedArray(coloursOf(map)), 256, 1);
    canvas.current.getContext("2d").putImageData(image, 0, 0);
  }, [map]);
  return html`<canvas class="map" width="256" height="1" ref=${canvas} aria-hidden="true"></canvas>`;
}

/** The values' distribution, with the two cuts to drag or to move by arrow keys. */
export function Histogram({ plane, look, onChange }) {
  const range = useMemo(() => {
    const [first, last] = [quantile(plane.sorted, 0.001), quantile(plane.sorted, 0.999)];
    const room = (last - first || 1) * 0.08;
    return [first - room, last + room];
  }, [plane]);
  const [from, to] = [Math.min(range[0], look.low), Math.max(range[1], look.high)];
  const counts = useMemo(() => histogram(plane.sorted, from, to, BINS), [plane, from, to]);
  const most = Math.log1p(Math.max(...counts, 1));
  const svg = useRef(null);
  const held = useRef(null);
  const put = (which, value) => {
    const next = { ...look, cuts: "by hand", [which]: value };
    if (next.high > next.low) onChange(next);
  };
  const grab = (which) => (event) => {
    held.current = which;
    svg.current.setPointerCapture(event.pointerId);
  };
  const drag = (event) => {
    if (!held.current) return;
    const box = svg.current.getBoundingClientRect();
    put(held.current, from + ((event.clientX - box.left) / box.width) * (to - from));
  };
  const key = (which) => (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!steps) return;
    event.preventDefault();
    put(which, look[which] + (steps * (event.shiftKey ? 10 : 1) * (to - from)) / 200);
  };
  const cut = (which, label) => {
    const x = ((look[which] - from) / (to - from)) * 100;
    return html`<g tabindex="0" role="slider" aria-label=${label} aria-valuemin=${from} aria-valuemax=${to}
        aria-valuenow=${look[which]} aria-valuetext=${look[which].toPrecision(4)} onPointerDown=${grab(which)} onKeyDown=${key(which)}>
      <rect class="grip" x=${x - 2} width="4" height="40" /><line class="cut" x1=${x} x2=${x} y1="0" y2="40" /></g>`;
  };
  return html`<svg class="histogram" viewBox="0 0 100 40" preserveAspectRatio="none" ref=${svg} onPointerMove=${drag}
      onPointerUp=${() => (held.current = null)} aria-label="Histogram of the pixels, with the cuts" role="group">
    ${counts.map((count, bin) => {
      const height = (38 * Math.log1p(count)) / most;
      return html`<rect class="bar" x=${(100 * bin) / BINS} width=${100 / BINS} y=${40 - height} height=${height} />`;
    })}
    ${cut("low", "Darkest value")}${cut("high", "Brightest value")}
  </svg>`;
}

/** Keys on an image: s, c and m go to the next stretch, cuts and colours, with Shift to the one before. */
export const lookKeys = (look, plane, onChange) => (key, back) => {
  const next = (names, now) => names[(names.indexOf(now) + (back ? -1 : 1) + names.length) % names.length];
  const moves = {
    s: () => ({ stretch: next(Object.keys(STRETCHES), look.stretch) }),
    c: () => {
      const cuts = next(Object.keys(CUTS), look.cuts);
      return { cuts, ...CUTS[cuts](plane.sorted) };
    },
    m: () => ({ map: next(MAPS, look.map) }),
  };
  if (!moves[key]) return false;
  onChange({ ...look, ...moves[key]() });
  return true;
};
