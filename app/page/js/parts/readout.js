/** What is under the cursor: pixel, value, and the place on the sky. */

import { html } from "../html.js";
import { valueAt } from "../image/planes.js";
import { sexagesimal, skyOfPixel } from "../image/sky.js";
import { general } from "../model/rounding.js";

export function Readout({ cursor, plane, sky }) {
  if (!cursor || !plane) return null;
  const value = valueAt(plane, ...cursor);
  if (value === null) return null;
  const [x, y] = cursor.map((at) => at.toFixed(1));
  const place = sky ? ` · ${sexagesimal(...skyOfPixel(sky, ...cursor))}` : "";
  return html`<span class="readout">x ${x} y ${y} · ${Number.isFinite(value) ? general(value) : "masked"}${place}</span>`;
}
