/** A component's name to type; what cannot be one is said, and stays until it is put right. */

import { html, useState } from "../html.js";

export function NameField({ name, taken, onName }) {
  const [typed, setTyped] = useState({ over: name, text: name });
  const text = typed.over === name ? typed.text : name;
  const next = text.trim();
  const fault = next === name ? "" : faultOf(next, taken);
  const commit = () => {
    if (next !== name && !fault) onName(next);
  };
  return html`<label class="field">Name<input value=${text} size="9" spellcheck="false" aria-invalid=${fault !== ""} data-typed=${text === name ? undefined : fault ? "unread" : "new"}
      aria-describedby=${fault ? "name-fault" : undefined} onInput=${(event) => setTyped({ over: name, text: event.target.value })} onChange=${commit} /></label>
    ${fault && html`<span class="fault last" id="name-fault" role="alert">${fault}</span>`}`;
}

function faultOf(next, taken) {
  if (next === "") return "A component has a name.";
  if (!/^[A-Za-z_]\w*$/.test(next)) {
    const proposed = next.replace(/\W+/g, "_").replace(/^(?=\d)/, "_");
    return `A name is of letters, digits and underscores, and begins with no digit: ${proposed}?`;
  }
  return taken.includes(next) ? `There is another component ${next}.` : "";
}
