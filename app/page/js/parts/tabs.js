/** Panels of which one is shown, chosen by tabs that arrow keys move along. */

import { html, useRef, useState } from "../html.js";

/** `tabs`: title → function that draws the panel, or false where it is not to be had. */
export function Tabs({ label, tabs }) {
  const titles = Object.keys(tabs).filter((title) => tabs[title]);
  const [chosen, choose] = useState(titles[0]);
  const list = useRef(null);
  const key = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = titles[(titles.indexOf(chosen) + step + titles.length) % titles.length];
    choose(next);
    list.current.querySelector(`[data-tab="${next}"]`).focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${key}>${titles.map((title) => html`
      <button role="tab" id=${`tab-${title}`} data-tab=${title} aria-selected=${title === chosen} aria-controls=${`panel-${title}`}
        tabindex=${title === chosen ? 0 : -1} onClick=${() => choose(title)}>${title}</button>`)}</div>
    ${titles.map((title) => html`<div class="stack" role="tabpanel" id=${`panel-${title}`} aria-labelledby=${`tab-${title}`} hidden=${title !== chosen} key=${title}>
      ${title === chosen && tabs[title]()}</div>`)}`;
}
