/** Messages that belong to no field, at the foot of the page, and spoken by screen readers. */

import { html } from "../html.js";
import { createStore, useStore } from "../store.js";
import { Icon } from "./icons.js";

const SECONDS = 6;
const store = createStore([]);
let number = 0;

const put = (message, kind) => {
  number += 1;
  const id = number;
  store.set((toasts) => [...toasts.slice(-3), { id, message, kind }]);
  if (kind !== "bad") setTimeout(() => dismiss(id), SECONDS * 1000);
};

const dismiss = (id) => store.set((toasts) => toasts.filter((toast) => toast.id !== id));

export const tell = (message) => put(message, "");
export const complain = (error) => put(error.message, "bad");

/** Copy text, and say so. */
export async function copy(text, what) {
  await navigator.clipboard.writeText(text);
  tell(`${what} copied.`);
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
