/** A number to type; arrow keys step its last shown digit. Empty means none. */

import { html, useState } from "../html.js";

export function NumberField({ id, value, onValue, placeholder, invalid, digits: most = 7 }) {
  const written = value === null || value === undefined ? "" : String(Number(Number(value).toPrecision(most)));
  // What was typed belongs to the value that stood there; another value from elsewhere takes its place.
  const [typed, setTyped] = useState({ over: written, text: written });
  const text = typed.over === written ? typed.text : written;
  const bad = text.trim() !== "" && !Number.isFinite(numberIn(text));
  const commit = (next) => {
    const trimmed = next.trim();
    if (trimmed === written) return;
    if (trimmed === "") onValue(null);
    else if (Number.isFinite(numberIn(trimmed))) onValue(numberIn(trimmed));
  };
  const key = (event) => {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction || text.trim() === "" || !Number.isFinite(Number(text))) return;
    event.preventDefault();
    const digits = Math.min((text.split(".")[1] ?? "").length, 6);
    const step = 10 ** -digits * (event.shiftKey ? 10 : 1);
    onValue(Number((Number(text) + direction * step).toFixed(digits)));
  };
  return html`<input id=${id} inputmode="decimal" autocomplete="off" value=${text} placeholder=${placeholder} aria-invalid=${invalid || bad}
    onInput=${(event) => setTyped({ over: written, text: event.target.value })} onChange=${(event) => commit(event.target.value)} onKeyDown=${key} />`;
}

const numberIn = (text) => Number(text.trim().replace("−", "-"));
