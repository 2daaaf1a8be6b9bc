/** Parameters and what follows from them, rounded as a paper prints them; copied as LaTeX, CSV or JSON. */

import { html, useState } from "../html.js";
import { linkedNames } from "../model/requests.js";
import { asCsv, asLatex, rowsOf } from "../model/tables.js";
import { copy } from "./toasts.js";

const KINDS = { uncertainty: "from the covariance", uncertainty_scaled: "scaled by √χ²ᵣ", uncertainty_bootstrap: "from the bootstrap", posterior: "from the chains" };

export function ParameterTable({ document: found, request, name }) {
  const has = (kind) => (kind === "posterior" ? found.parameters.some(({ quantiles }) => quantiles) : found.parameters.some((each) => Number.isFinite(each[kind])));
  const kinds = Object.keys(KINDS).filter(has);
  const [kind, setKind] = useState(kinds[0] ?? "uncertainty");
  const rows = rowsOf(found, kind, linkedNames(request));
  const forms = { LaTeX: () => asLatex(rows, name), CSV: () => asCsv(rows), JSON: () => JSON.stringify(found, null, 2) };
  return html`<div class="row split"><h2>Parameters</h2>
      <div class="row">${Object.entries(forms).map(([form, make]) => html`<button key=${form} class="bare" onClick=${() => copy(make(), form)}>Copy ${form}</button>`)}</div></div>
    ${kinds.length > 1 && html`<label class="field">Uncertainties<select value=${kind} onChange=${(event) => setKind(event.target.value)}>
      ${kinds.map((each) => html`<option key=${each} value=${each}>${KINDS[each]}</option>`)}</select></label>`}
    <div class="scroll" tabindex="0" role="region" aria-label="Parameters"><table><thead><tr><th scope="col">Name</th><th scope="col" class="number">Value</th><th scope="col" class="number">±</th><th scope="col">Unit</th><th scope="col"><span class="visually-hidden">Remark</span></th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.name}><th scope="row"><code>${row.name}</code></th><td class="number">${row.value}</td>
        <td class="number">${row.uncertainty}</td><td class="quiet">${row.unit}</td><td>${row.flag && html`<span class="badge ${row.flag === "at limit" ? "cancelled" : ""}">${row.flag}</span>`}</td></tr>`)}</tbody></table></div>`;
}
