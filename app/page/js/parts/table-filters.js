/** Which rows and columns of a table are shown. */

import { html, useState } from "../html.js";
import { arranged } from "../model/columns.js";
import { NumberField } from "./number-field.js";

/** `filter` is {bits, ranges: [{key, from, to}], words}; `counts` are the flags that rows have, with how many. */
export function TableFilters({ table, counts, filter, setFilter, columns, setColumns }) {
  const [adding, setAdding] = useState("");
  const numbers = table.names.filter((name) => table.columns.get(name).numeric && name !== "flags");
  const failed = counts.filter((flag) => flag.failed).reduce((bits, { bit }) => bits | bit, 0);
  const put = (at, changes) => setFilter({ ...filter, ranges: filter.ranges.map((range, index) => (index === at ? { ...range, ...changes } : range)) });
  const flagChosen = filter.bits === null ? "" : String(filter.bits);
  const option = (value, words, chosen) => html`<option key=${value} value=${value} selected=${value === chosen}>${words}</option>`;
  const add = (key) => {
    setAdding("");
    if (key) setFilter({ ...filter, ranges: [...filter.ranges, { key, from: null, to: null }] });
  };
  const turn = (name) => setColumns(arranged(table.names).filter((each) => (each === name ? !columns.includes(name) : columns.includes(each))));
  return html`<div class="tools">
      <label class="field">Flags<select value=${flagChosen} onChange=${(event) => setFilter({ ...filter, bits: event.target.value === "" ? null : Number(event.target.value) })}>
        ${option("", "any or none", flagChosen)}${option("0", "none", flagChosen)}${failed > 0 && option(String(failed), "failed", flagChosen)}
        ${counts.map(({ bit, name, count }) => option(String(bit), `${name.replaceAll("_", " ")} (${count.toLocaleString()})`, flagChosen))}</select></label>
      <label class="field">Rows where<select value=${adding} onChange=${(event) => add(event.target.value)}>${option("", "a column is within…", adding)}${numbers.map((name) => option(name, name, adding))}</select></label>
      <input type="search" class="short" aria-label="Words in the row" placeholder="Words in names and messages" value=${filter.words} onInput=${(event) => setFilter({ ...filter, words: event.target.value })} /></div>
    ${filter.ranges.map(({ key, from, to }, at) => html`<div class="tools" key=${`${key} ${at}`} role="group" aria-label=${`${key} within`}><code>${key}</code>
      <label class="field">from<span class="cut"><${NumberField} value=${from} onValue=${(value) => put(at, { from: value })} /></span></label>
      <label class="field">to<span class="cut"><${NumberField} value=${to} onValue=${(value) => put(at, { to: value })} /></span></label>
      <button class="bare" onClick=${() => setFilter({ ...filter, ranges: filter.ranges.filter((_, index) => index !== at) })}>Any ${key}</button></div>`)}
    <details><summary>Columns: ${columns.length} of ${table.names.length}</summary><div class="row column-choice">
      <button class="bare" onClick=${() => setColumns(arranged(table.names))}>All</button><button class="bare" onClick=${() => setColumns(null)}>The usual</button>
      ${table.names.map((name) => html`<label class="choice" key=${name}><input type="checkbox" checked=${columns.includes(name)} onChange=${() => turn(name)} />${name}</label>`)}</div></details>`;
}
