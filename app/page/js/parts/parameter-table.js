/** Parameters and what follows from them, rounded as a paper prints them; copied as LaTeX, CSV or JSON. */

import { html, useState } from "../html.js";
import { linkedNames } from "../model/requests.js";
import { general } from "../model/rounding.js";
import { asLatex, fullCsv, hasKind, rowsOf } from "../model/tables.js";
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

/** Kinds of uncertainty that a result has, the best first. */
export const kindsOf = (found) => Object.keys(KINDS).filter((kind) => hasKind(found, kind));

const FEW_ROWS = 60;
const COLUMNS = { name: "Name", value: "Value", unit: "Unit" };

/** Everything, sorted and filtered; folded by component where it is long. `light` lights a component on the images. */
export function ParameterTable({ document: found, request, name, kind, setKind, kinds, light }) {
  const [words, setWords] = useState("");
  const [sort, setSort] = useState(null);
  const every = rowsOf(found, kind, linkedNames(request));
  const [folded, setFolded] = useState(every.length > FEW_ROWS);
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = every.filter((row) => wanted.every((word) => `${row.name} ${row.unit} ${row.flag}`.toLowerCase().includes(word)));
  const rows = sort ? [...matching].sort(orders[sort.by](sort.down)) : matching;
  const forms = { LaTeX: () => asLatex(every, name), CSV: () => fullCsv(found), JSON: () => JSON.stringify(found, null, 2) };
  const head = (by) => html`<th scope="col" class=${by === "value" ? "number" : ""} aria-sort=${sort?.by === by ? (sort.down ? "descending" : "ascending") : "none"}>
    <button class="sort" onClick=${() => setSort({ by, down: sort?.by === by && !sort.down })}>${COLUMNS[by]}${sort?.by === by ? (sort.down ? " ↓" : " ↑") : ""}</button></th>`;
  const owners = [...new Set(rows.map(({ name: each }) => each.split(".")[0]))];
  const line = (row) => html`<tr key=${row.name} onMouseEnter=${() => light?.(row.name.split(".")[0])} onMouseLeave=${() => light?.(null)}><th scope="row"><code>${row.name}</code></th><td class="number">${row.value}</td>
        <${Spread} row=${row} kind=${kind} /><td class="quiet">${row.unit}</td><td>${row.flag && html`<span class="badge ${row.flag === "at limit" ? "cancelled" : ""}">${row.flag}</span>`}</td></tr>`;
  const table = (label, part) => html`<div class="scroll" tabindex="0" role="region" aria-label=${label}><table><thead><tr>${head("name")}${head("value")}<th scope="col" class="number">±</th>${head("unit")}<th scope="col"><span class="visually-hidden">Remark</span></th></tr></thead>
      <tbody>${part.map(line)}</tbody></table></div>`;
  const byOwner = folded && !wanted.length && !sort && owners.length > 1;
  return html`<div class="row split"><h2>Parameters</h2>
      <div class="row">${Object.entries(forms).map(([form, make]) => html`<button key=${form} class="bare" onClick=${() => copy(make(), form)}>Copy ${form}</button>`)}</div></div>
    <div class="row"><input type="search" class="short" placeholder="Filter: g1, magnitude, at limit" aria-label="Filter the parameters" value=${words} onInput=${(event) => setWords(event.target.value)} />
      <label class="choice"><input type="checkbox" checked=${folded} onChange=${() => setFolded(!folded)} />Fold by component</label></div>
    ${kinds.length > 1 && html`<label class="field">Uncertainties<select value=${kind} onChange=${(event) => setKind(event.target.value)}>
      ${kinds.map((each) => html`<option key=${each} value=${each}>${KINDS[each]}</option>`)}</select></label>`}
    ${byOwner
      ? owners.map((owner) => html`<details key=${owner}><summary>${owner} <span class="quiet">${rows.filter((row) => row.name.startsWith(`${owner}.`)).length} values</span></summary>
          ${table(`Parameters of ${owner}`, rows.filter((row) => row.name.startsWith(`${owner}.`)))}</details>`)
      : table("Parameters", rows)}
    ${rows.length === 0 && html`<p class="quiet">Nothing matches.</p>`}`;
}

const orders = {
  name: (down) => (one, two) => (down ? -1 : 1) * one.name.localeCompare(two.name, undefined, { numeric: true }),
  unit: (down) => (one, two) => (down ? -1 : 1) * one.unit.localeCompare(two.unit),
  value: (down) => (one, two) => (down ? -1 : 1) * (Number(one.value) - Number(two.value)),
};

/** The uncertainty, the same to both sides or not. */
const Spread = ({ row: { uncertainty, below, above, ends }, kind }) =>
  ends
    ? html`<td class="number spread" title=${`68 % interval: ${ends.map(general).join(" to ")}, ${ENDS[kind]}`}><span>+${above}</span> <span>−${below}</span></td>`
    : html`<td class="number">${uncertainty}</td>`;
