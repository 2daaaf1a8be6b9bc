/** A number to type; arrow keys step its last shown digit. Empty means none; a decimal comma is understood. */

import { html, useRef, useState } from "../html.js";
import { numberIn, written } from "../model/numbers.js";

/** `onValue` gets the number and, of keys that are held down, that the change goes on with the one before (`true`). */
export function NumberField({ id, value, onValue, placeholder, invalid, digits = 7, label }) {
  const stands = written(value, digits);
  // What was typed belongs to the value that stood there; another value from elsewhere takes its place.
  const [typed, setTyped] = useState({ over: stands, text: stands });
  const own = useRef(`number-${Math.random().toString(36).slice(2)}`);
  const text = typed.over === stands ? typed.text : stands;
  const bad = text.trim() !== "" && numberIn(text) === null;
  const commit = (next) => {
    const trimmed = next.trim();
    if (trimmed === stands) return;
    if (trimmed === "") onValue(null);
    else if (numberIn(trimmed) !== null) onValue(numberIn(trimmed));
    if (numberIn(trimmed) !== null) setTyped({ over: stands, text: stands });
  };
  const key = (event) => {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const now = numberIn(text);
    if (!direction || now === null) return;
    event.preventDefault();
    const places = Math.min((text.replace(",", ".").split(".")[1] ?? "").length, 6);
    const step = 10 ** -places * (event.shiftKey ? 10 : 1);
    onValue(Number((now + direction * step).toFixed(places)), event.repeat);
  };
  const fault = `${id ?? own.current}-fault`;
  return html`<input id=${id} inputmode="decimal" autocomplete="off" value=${text} placeholder=${placeholder} aria-label=${label} aria-invalid=${invalid || bad}
      data-typed=${text === stands ? undefined : bad ? "unread" : "new"} aria-describedby=${bad ? fault : undefined}
      onInput=${(event) => setTyped({ over: stands, text: event.target.value })} onChange=${(event) => commit(event.target.value)} onKeyDown=${key} />
    ${bad && html`<span class="fault" id=${fault} role="alert">“${text.trim()}” is no number: write it as 1.5 or 1,5, without other signs.</span>`}`;
}
