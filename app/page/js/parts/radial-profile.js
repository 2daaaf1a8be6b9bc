/** The radial profile of a component over the data, and its curve of growth: pointing at it draws the ring on the images. */

import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { growth, rings } from "../image/filters.js";
import { general } from "../model/rounding.js";
import { Chart } from "./chart.js";
import { Legend } from "./looking.js";

const REACH = 6;

/** `ellipses` are those of the components; `planeOf(name)` gives a component's plane, or a promise of it. */
export function RadialProfile({ ellipses, data, model, planeOf, setRing, zeroPoint }) {
  const [name, setName] = useState(ellipses[0]?.name);
  const [grows, setGrows] = useState(false);
  const [logs, setLogs] = useState(true);
  const [part, setPart] = useState(null);
  const ellipse = ellipses.find((each) => each.name === name) ?? ellipses[0];
  useEffect(() => {
    let wanted = true;
    setPart(null);
    Promise.resolve(planeOf(ellipse?.name)).then((plane) => wanted && setPart(plane)).catch(() => {});
    return () => {
      wanted = false;
      setRing(null);
    };
  }, [ellipse?.name, data]);
  const found = useMemo(() => {
    if (!ellipse || !part) return [];
    // The data less all that is not the component: what is left of it is its own light.
    const own = { ...data, values: data.values.map((value, at) => value - (model.values[at] - part.values[at])) };
    const most = Math.min(REACH * Math.max(ellipse.r, 2), Math.hypot(data.width, data.height) * data.bin);
    return rings([own, part, model, data], { ...ellipse, q: Math.min(1, Math.max(0.02, ellipse.q)) }, most);
  }, [part, JSON.stringify(ellipse), data, model]);
  const frame = useRef(null);
  const [at, setAt] = useState(null);
  if (!ellipse) return html`<p class="quiet">No component has an ellipse.</p>`;
  const point = (which) => {
    const ring = found[which];
    setAt(ring ? which : null);
    setRing(ring ? { ...ellipse, r: grows ? ring.outer : ring.r } : null);
  };
  const hover = (event) => {
    const box = frame.current.querySelector("svg").getBoundingClientRect();
    const share = (event.clientX - box.left - 62) / (box.width - 74);
    if (!found.length || share < 0 || share > 1) return point(null);
    const radii = found.map((ring) => (grows ? ring.outer : ring.r));
    const wanted = radii[0] + share * (radii.at(-1) - radii[0]);
    return point(radii.reduce((best, r, index) => (Math.abs(r - wanted) < Math.abs(radii[best] - wanted) ? index : best), 0));
  };
  const key = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !found.length) return;
    event.preventDefault();
    point(Math.min(found.length - 1, Math.max(0, (at ?? -1) + step)));
  };
  const grown = grows ? growth(found, data.bin) : null;
  const series = grows
    ? [{ name: "data less the other components", tone: 1, dots: true, points: grown.map(([r, sums]) => [r, sums[0]]) }, { name: `model of ${ellipse.name}`, tone: 2, points: grown.map(([r, sums]) => [r, sums[1]]) }]
    : [{ name: "data less the other components", tone: 1, dots: true, bare: true, points: found.map(({ r, means }) => [r, means[0]]) }, { name: `model of ${ellipse.name}`, tone: 2, points: found.map(({ r, means }) => [r, means[1]]) },
      { name: "data as they are", tone: 3, points: found.map(({ r, means }) => [r, means[3]]) }];
  const ring = at === null ? null : found[at];
  const surface = (value) => (zeroPoint !== null && zeroPoint !== undefined && value > 0 ? `, ${(zeroPoint - 2.5 * Math.log10(value)).toFixed(2)} mag a pixel` : "");
  const told = ring && (grows
    ? `Within ${ring.outer.toFixed(1)} px: data ${general(grown[at][1][0])}, model ${general(grown[at][1][1])}`
    : `At ${ring.r.toFixed(1)} px (${ring.count} pixels): data ${general(ring.means[0])} ± ${general(ring.error)}, model ${general(ring.means[1])}${surface(ring.means[1])}`);
  return html`<div class="tools"><label class="field">Component<select value=${ellipse.name} onChange=${(event) => setName(event.target.value)}>${ellipses.map((each) => html`<option key=${each.name} value=${each.name} selected=${each.name === ellipse.name}>${each.name}</option>`)}</select></label>
      <label class="choice"><input type="checkbox" checked=${grows} onChange=${() => setGrows(!grows)} />Curve of growth</label>
      <label class="choice"><input type="checkbox" checked=${logs} onChange=${() => setLogs(!logs)} />Logarithmic</label></div>
    <${Legend} series=${series} />
    <div class="radial" ref=${frame} tabindex="0" role="group" aria-label="Radial profile: arrow keys go from ring to ring" onPointerMove=${hover} onPointerLeave=${() => point(null)} onKeyDown=${key}>
      <${Chart} series=${series} x="semi-major axis, pixels" y=${grows ? "flux within" : "mean of the ring"} logY=${logs} label=${`Radial profile of ${ellipse.name} over the data`} mark=${ring && (grows ? ring.outer : ring.r)} /></div>
    <p class="small quiet numbers" role="status">${told ?? "Point at the profile, or press an arrow key in it: the ring is drawn on the images."}</p>`;
}
