/** Messages that belong to no field, at the foot of the page, and spoken by screen readers. */

import { html } from "../html.js";
import { createStore, useStore } from "../store.js";
import { Icon } from "./icons.js";

const SECONDS = 6;
const store = createStore([]);
let number = 0;

/** Of refusals the latest alone is shown: earlier ones have been mended, or are the same. */
const put = (message, kind) => {
  number += 1;
  const id = number;
  store.set((toasts) => [...toasts.filter((toast) => kind !== "bad" || toast.kind !== "bad").slice(-3), { id, message, kind }]);
  if (kind !== "bad") setTimeout(() => dismiss(id), SECONDS * 1000);
};

const dismiss = (id) => store.set((toasts) => toasts.filter((toast) => toast.id !== id));

export const tell = (message) => put(message, "");
export const complain = (error) => put(error.message, "bad");

/** Take back what was complained of: it is mended, or belongs to another view. */
export const settle = () => store.set((toasts) => toasts.filter(({ kind }) => kind !== "bad"));

/** Copy text, and say so. Browsers have no clipboard on plain http from elsewhere: there a selected text is copied. */
export async function copy(text, what) {
  if (await onClipboard(text)) tell(`${what} copied.`);
  else complain(new Error(`${what} could not be copied: this browser lets no page write to its clipboard here. Save it instead.`));
}

async function onClipboard(text) {
  if (navigator.clipboard && isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Without permission: as below.
    }
  }
  const around = document.querySelector("dialog[open]") ?? document.body;
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, className: "visually-hidden" });
  around.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus?.({ preventScroll: true });
  return done;
}

export function Toasts() {
  const toasts = useStore(store);
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.map(({ id, message, kind }) => html`
      <div key=${id} class="note ${kind}"><span>${message}</span>
        <button class="bare icon" aria-label="Dismiss" onClick=${() => dismiss(id)}><${Icon} name="close" /></button>
      </div>`)}
  </div>`;
}
