/** A fit's name and labels, changed in place. */

import { html, useState } from "../html.js";
import { patchJson } from "../service.js";
import { complain } from "./toasts.js";

/** `onChanged` gets the fit as it is afterwards. */
export function Naming({ fit, onChanged }) {
  const [open, setOpen] = useState(false);
  const save = async (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    const labels = String(data.get("labels")).split(",").map((label) => label.trim()).filter(Boolean);
    try {
      onChanged(await patchJson(fit.links.self, { name: data.get("name"), labels }));
      setOpen(false);
    } catch (error) {
      complain(error);
    }
  };
  if (!open) {
    return html`${(fit.labels ?? []).map((label) => html`<span class="badge" key=${label}>${label}</span>`)}
      <button class="bare" onClick=${() => setOpen(true)}>${fit.labels?.length ? "Edit" : "Name and label"}</button>`;
  }
  return html`<form class="row" onSubmit=${save}><input name="name" aria-label="Name" value=${fit.name} />
    <input name="labels" aria-label="Labels, with commas between them" placeholder="labels, with commas" value=${(fit.labels ?? []).join(", ")} />
    <button class="primary" type="submit">Save</button><button type="button" onClick=${() => setOpen(false)}>Cancel</button></form>`;
}
