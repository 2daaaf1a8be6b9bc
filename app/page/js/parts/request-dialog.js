/** The request as JSON to read, change, copy and save; and the same by curl and Python. */

import { html, useState } from "../html.js";
import { asCurl, asPython } from "../model/equivalents.js";
import { sentence } from "../model/faults.js";
import { isRequest } from "../model/shape.js";
import { planOf } from "../service.js";
import { settled } from "../settling.js";
import { Failure, useAnswer } from "./asking.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { saveText } from "./saving.js";
import { copy } from "./toasts.js";

const FORMS = {
  JSON: (request) => JSON.stringify(request, null, 2),
  curl: (request) => asCurl(request, location.origin),
  Python: (request) => asPython(request, location.origin),
};

/** `strokes` are those of its masks, which the request shows as what they become; `change` gets the model as it is to be. */
export function RequestDialog({ request: given, strokes, change, close }) {
  const painted = useAnswer(() => (strokes ? settled({ request: given, strokes }) : given), []);
  if (painted.error) return html`<${Dialog} title="The request" close=${close}><div class="dialog-body"><${Failure} ...${painted} /></div></${Dialog}>`;
  return painted.value && html`<${Shown} request=${painted.value} change=${change} close=${close} />`;
}

function Shown({ request, change, close }) {
  const [form, setForm] = useState("JSON");
  const [text, setText] = useState(() => FORMS.JSON(request));
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const pick = (next) => {
    setForm(next);
    setText(FORMS[next](request));
    setError(null);
  };
  // The service judges it before it takes the place of the model: nothing is stored by that.
  const apply = async () => {
    setBusy(true);
    try {
      const next = JSON.parse(text);
      if (!isRequest(next)) throw new Error("A request has a list of images and one of components, each component with a name and a profile.");
      await planOf(next);
      change(() => ({ request: next, strokes: {} }));
      close();
    } catch (failure) {
      const told = (failure.faults ?? []).map((fault) => `${fault.path}: ${sentence(fault)}`);
      setError(told.length ? new Error(told.join("\n")) : failure);
      setBusy(false);
    }
  };
  const editable = form === "JSON" && change;
  return html`<${Dialog} title="The request" close=${close}><div class="stack dialog-body">
    <div class="row split"><div class="segments" role="group" aria-label="Form">${Object.keys(FORMS).map((each) => html`
        <button aria-pressed=${form === each} onClick=${() => pick(each)}>${each}</button>`)}</div>
      <div class="row"><button onClick=${() => copy(text, form)}><${Icon} name="copy" />Copy</button>
        <button onClick=${() => saveText(text, { JSON: "request.json", curl: "fit.sh", Python: "fit.py" }[form])}><${Icon} name="download" />Save</button></div></div>
    <textarea class="code" spellcheck="false" aria-label=${form} readonly=${!editable} value=${text} aria-invalid=${error !== null}
      onInput=${(event) => setText(event.target.value)}></textarea>
    ${error && html`<p class="note bad lines" role="alert">${error.message}</p>`}
    ${editable && html`<div class="row end"><button class="primary" disabled=${busy} onClick=${apply}>${busy ? "The service looks at it…" : "Use this request"}</button></div>`}
  </div></${Dialog}>`;
}
