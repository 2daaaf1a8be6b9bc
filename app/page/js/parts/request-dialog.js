/** The request as JSON to read, change, copy and save; and the same by curl and Python. */

import { html, useState } from "../html.js";
import { asCurl, asPython } from "../model/equivalents.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { saveText } from "./saving.js";
import { copy } from "./toasts.js";

const FORMS = {
  JSON: (request) => JSON.stringify(request, null, 2),
  curl: (request) => asCurl(request, location.origin),
  Python: (request) => asPython(request, location.origin),
};

export function RequestDialog({ request, change, close }) {
  const [form, setForm] = useState("JSON");
  const [text, setText] = useState(() => FORMS.JSON(request));
  const [error, setError] = useState(null);
  const pick = (next) => {
    setForm(next);
    setText(FORMS[next](request));
    setError(null);
  };
  const apply = () => {
    try {
      const next = JSON.parse(text);
      if (!Array.isArray(next.images) || !Array.isArray(next.components)) throw new Error("A request has images and components.");
      change(() => next);
      close();
    } catch (failure) {
      setError(failure);
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
    ${error && html`<p class="note bad" role="alert">${error.message}</p>`}
    ${editable && html`<div class="row end"><button class="primary" onClick=${apply}>Use this request</button></div>`}
  </div></${Dialog}>`;
}
