/** A bar of a round length and, where the sky is known, which way north and east are. */

import { html } from "../html.js";
import { compassOf } from "../image/sky.js";
import { useCamera } from "./pane.js";

const MOST = 140;

export function ScaleBar({ camera, sky }) {
  useCamera(camera);
  const perPixel = sky ? compassOf(sky).scale : 1;
  const most = (MOST / camera.zoom) * perPixel;
  // Round in the unit that it is told in: arcmin from one of them on, degrees likewise.
  const [unit, sign] = !sky ? [1, " px"] : most >= 3600 ? [3600, "°"] : most >= 60 ? [60, "′"] : [1, "″"];
  const power = 10 ** Math.floor(Math.log10(most / unit));
  const told = [5, 2, 1].map((digit) => digit * power).find((candidate) => candidate <= most / unit);
  const length = told * unit;
  const inUnits = `${Number(told.toPrecision(3))}${sign}`;
  return html`<span class="scale">${inUnits}<i style=${{ width: `${(length / perPixel) * camera.zoom}px` }}></i></span>`;
}

export function Compass({ sky, camera }) {
  useCamera(camera);
  if (!sky) return null;
  const { north, east } = compassOf(sky);
  const arrow = ([x, y], letter) => html`
    <line x1="0" y1="0" x2=${14 * x} y2=${-14 * y} /><text x=${20 * x} y=${-20 * y}>${letter}</text>`;
  return html`<svg class="compass" viewBox="-27 -27 54 54" role="img" aria-label="North and east">
    ${arrow(camera.across(...north), "N")}${arrow(camera.across(...east), "E")}</svg>`;
}
