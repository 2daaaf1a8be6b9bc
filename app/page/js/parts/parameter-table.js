/** Parameters and what follows from them, rounded as a paper prints them; copied as LaTeX, CSV or JSON. */

import { html, useState } from "../html.js";
import { linkedNames } from "../model/requests.js";
import { general } from "../model/rounding.js";
import { asCsv, asLatex, hasKind, rowsOf } from "../model/tables.js";
import { copy } from "./toasts.js";

/** Kinds of uncertainty, the best first, and what the ends of those that have two are. */
const KINDS = {
  interval: "from the profile of χ²",
  interval_scaled: "from the profile of χ², scaled by √χ²ᵣ",
  uncertainty: "from the covariance",
  uncertainty_scaled: "scaled by √χ²ᵣ",
  uncertainty_bootstrap: "from the bootstrap",
  posterior: "from the chains",
};
const ENDS = {
  interval: "where the profile of χ² is 1 above its least",
  interval_scaled: "where the profile of χ² is 1 above its least, with distances times √χ²ᵣ",
  posterior: "the 16 % and the 84 % quantile of the chains",
};

export function ParameterTable({ document: found, request, name }) {
  const kinds = Object.keys(KINDS).filter((kind) => hasKind(found, kind));
  const [kind, setKind] = useState(kinds[0] ?? "uncertainty");
  const rows = rowsOf(found, kind, linkedNames(request));
  const forms = { LaTeX: () => asLatex(rows, name), CSV: () => asCsv(rows), JSON: () => JSON.stringify(found, null, 2) };
  return html`<div class="row split"><h2>Parameters</h2>
      <div class="row">${Object.entries(forms).map(([form, make]) => html`<button key=${form} class="bare" onClick=${() => copy(make(), form)}>Copy ${form}</button>`)}</div></div>
    ${kinds.length > 1 && html`<label class="field">Uncertainties<select value=${kind} onChange=${(event) => setKind(event.target.value)}>
      ${kinds.map((each) => html`<option key=${each} value=${each}>${KINDS[each]}</option>`)}</select></label>`}
    <div class="scroll" tabindex="0" role="region" aria-label="Parameters"><table><thead><tr><th scope="col">Name</th><th scope="col" class="number">Value</th><th scope="col" class="number">±</th><th scope="col">Unit</th><th scope="col"><span class="visually-hidden">Remark</span></th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.name}><th scope="row"><code>${row.name}</code></th><td class="number">${row.value}</td>
        <${Spread} row=${row} kind=${kind} /><td class="quiet">${row.unit}</td><td>${row.flag && html`<span class="badge ${row.flag === "at limit" ? "cancelled" : ""}">${row.flag}</span>`}</td></tr>`)}</tbody></table></div>`;
}

/** The uncertainty, the same to both sides or not. */
const Spread = ({ row: { uncertainty, below, above, ends }, kind }) =>
  ends
    ? html`<td class="number spread" title=${`68 % interval: ${ends.map(general).join(" to ")}, ${ENDS[kind]}`}><span>+${above}</span> <span>−${below}</span></td>`
    : html`<td class="number">${uncertainty}</td>`;
