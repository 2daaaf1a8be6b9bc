/** A table of very many rows, of which those that are seen are drawn. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { flagsIn } from "../model/columns.js";
import { general } from "../model/rounding.js";

const ROW = 33;
const BEYOND = 12;

/** `rows` are row numbers of `table` in order; a click, or Enter on its number, chooses one. */
export function RowsTable({ table, rows, columns, flags, sort, setSort, chosen, choose }) {
  const frame = useRef(null);
  const [seen, setSeen] = useState({ first: 0, count: 40 });
  const look = () => {
    const { scrollTop, clientHeight } = frame.current;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - BEYOND);
    const count = Math.ceil(clientHeight / ROW) + 2 * BEYOND;
    setSeen((before) => (before.first === first && before.count === count ? before : { first, count }));
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    frame.current.scrollTop = 0;
    look();
  }, [sort, rows.length]);
  useEffect(() => {
    const at = rows.indexOf(chosen);
    if (at < 0) return;
    const { scrollTop, clientHeight } = frame.current;
    if (at * ROW < scrollTop || (at + 3) * ROW > scrollTop + clientHeight) frame.current.scrollTop = Math.max(0, (at - 2) * ROW);
  }, [chosen]);
  const first = Math.min(seen.first, Math.max(0, rows.length - seen.count));
  const drawn = rows.slice(first, first + seen.count);
  const turn = (key) => setSort(sort?.key !== key ? { key, down: false } : sort.down ? null : { key, down: true });
  const head = (key) => {
    const { unit, description, numeric } = table.columns.get(key);
    return html`<th scope="col" key=${key} class=${numeric && key !== "flags" ? "number" : ""} aria-sort=${sort?.key === key ? (sort.down ? "descending" : "ascending") : "none"}>
      <button class="sort" title=${[description, unit].filter(Boolean).join(", ") || undefined} onClick=${() => turn(key)}>${key}${sort?.key === key ? (sort.down ? " ↓" : " ↑") : ""}</button></th>`;
  };
  const above = first * ROW;
  const below = Math.max(0, rows.length - first - drawn.length) * ROW;
  return html`<div class="rows" ref=${frame} tabindex="0" role="region" aria-label="Rows of the table" onScroll=${look}>
    <table aria-rowcount=${rows.length + 1}><thead><tr aria-rowindex="1"><th scope="col" class="number">row</th>${columns.filter((key) => table.columns.has(key)).map(head)}</tr></thead>
      <tbody>${above > 0 && html`<tr aria-hidden="true" style=${{ height: `${above}px` }}></tr>`}
        ${drawn.map((number, at) => html`<${Row} key=${number} table=${table} number=${number} place=${first + at + 2} columns=${columns} flags=${flags} chosen=${number === chosen} choose=${choose} />`)}
        ${below > 0 && html`<tr aria-hidden="true" style=${{ height: `${below}px` }}></tr>`}</tbody></table></div>`;
}

function Row({ table, number, place, columns, flags, chosen, choose }) {
  const name = table.numbers[number];
  return html`<tr aria-rowindex=${place} class=${chosen ? "chosen" : ""} onClick=${() => choose(number)}>
    <th scope="row" class="number"><button class="sort" aria-label=${`Row ${name}: show its images`} aria-pressed=${chosen}>${name}</button></th>
    ${columns.filter((key) => table.columns.has(key)).map((key) => {
      const { values, numeric } = table.columns.get(key);
      if (key === "flags") return html`<td key=${key}><${FlagWords} mask=${values[number]} flags=${flags} /></td>`;
      return numeric ? html`<td class="number" key=${key}>${general(values[number])}</td>` : html`<td key=${key} title=${values[number] ?? ""}>${short(values[number])}</td>`;
    })}</tr>`;
}

/** Flags of a row as words. */
export const FlagWords = ({ mask, flags }) => flagsIn(mask, flags).map(({ bit, name, meaning, failed }) => html`<span key=${bit} class=${`badge ${failed ? "failed" : "cancelled"}`} title=${meaning}>${name.replaceAll("_", " ")}</span> `);

const short = (value) => (value === null ? "–" : String(value).length > 44 ? `${String(value).slice(0, 42)}…` : String(value));
