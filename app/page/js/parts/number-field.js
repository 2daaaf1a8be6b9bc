/** A number to type; arrow keys step its last shown digit. Empty means none. */

import { html, useEffect, useState } from "../html.js";

export function NumberField({ id, value, onValue, placeholder, invalid }) {
  const written = value === null || value === undefined ? "" : String(Number(Number(value).toPrecision(7)));
  const [text, setText] = useState(written);
  const [bad, setBad] = useState(false);
  useEffect(() => {
    setText(written);
    setBad(false);
  }, [written]);
  const commit = (next) => {
    const trimmed = next.trim();
    if (trimmed === written) return;
    const number = Number(trimmed.replace("−", "-"));
    setBad(trimmed !== "" && !Number.isFinite(number));
    if (trimmed === "") onValue(null);
    else if (Number.isFinite(number)) onValue(number);
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
    onInput=${(event) => setText(event.target.value)} onChange=${(event) => commit(event.target.value)} onKeyDown=${key} />`;
}
