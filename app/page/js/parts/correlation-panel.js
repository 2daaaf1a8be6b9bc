/** The correlations of the free parameters, as a matrix in colour. */

import { html, useState } from "../html.js";
import { coloursOf } from "../image/colourmaps.js";
import { getJson } from "../service.js";
import { Failure, useAnswer, Waiting } from "./asking.js";
import { general } from "../model/rounding.js";

const COLOURS = coloursOf("blue to red");

export function CorrelationPanel({ fit }) {
  const { value, error } = useAnswer(() => getJson(fit.links.covariance), [fit.id]);
  const [at, setAt] = useState(null);
  if (error) return html`<${Failure} error=${error} />`;
  if (!value) return html`<${Waiting} what="Fetching the covariance" />`;
  const { names, correlation } = value;
  const words = at ? `${names[at[0]]} and ${names[at[1]]}: ${correlation[at[0]][at[1]].toFixed(3)}.` : "Point at a square for its number.";
  return html`<p class="small quiet" aria-live="polite">${words} Condition number of the covariance ${general(value.condition_number)}.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Correlation matrix"><table class="matrix"><thead><tr><td></td>${names.map((name) => html`<th scope="col" key=${name}><span>${name}</span></th>`)}</tr></thead>
      <tbody>${names.map((name, row) => html`<tr key=${name}><th scope="row">${name}</th>${names.map((other, column) => html`
        <td key=${other} style=${shade(correlation[row][column])} onMouseEnter=${() => setAt([row, column])}
          title=${`${name}, ${other}: ${correlation[row][column].toFixed(3)}`}>${short(correlation[row][column], row === column)}</td>`)}</tr>`)}</tbody></table></div>`;
}

function shade(value) {
  const step = 4 * Math.round(((Math.max(-1, Math.min(1, value)) + 1) / 2) * 255);
  const [red, green, blue] = COLOURS.subarray(step, step + 3);
  const light = luminance(red, green, blue);
  // White or black, whichever stands out more (WCAG 2.1, contrast ratio).
  return { background: `rgb(${red} ${green} ${blue})`, color: 1.05 / (light + 0.05) > (light + 0.05) / 0.05 ? "#fff" : "#000" };
}

/** Relative luminance of a colour, by WCAG 2.1. */
function luminance(...channels) {
  const [red, green, blue] = channels.map((byte) => (byte <= 10 ? byte / 3294 : ((byte / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const short = (value, own) => (own || Math.abs(value) < 0.095 ? "" : value.toFixed(2).replace(/^(-?)0\./, "$1.").replace("-", "−"));
