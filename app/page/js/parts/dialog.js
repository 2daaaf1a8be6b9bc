/** A dialog over the page; Escape closes it. */

import { html, useEffect, useRef } from "../html.js";
import { Icon } from "./icons.js";

export function Dialog({ title, close, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  return html`<dialog ref=${dialog} aria-label=${title} onClose=${close} onClick=${(event) => event.target === dialog.current && close()}>
    <div class="dialog-head"><h2>${title}</h2><button class="bare icon" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></div>
    ${children}</dialog>`;
}
