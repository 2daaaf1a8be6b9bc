/** How far a search for sources is, as the service tells it, and the button that ends it. */

import { html } from "../html.js";
import { Elapsed } from "./elapsed.js";

/** `stopping` once its end was asked for, `lost` while the service does not answer. */
export function SearchProgress({ search, lost, stopping, onStop }) {
  const { progress, before, created_at: began } = search ?? {};
  const counted = progress?.total ? { max: progress.total, value: progress.done } : {};
  const words = stopping ? "It is being stopped." : progress ? `${progress.message}.` : waiting(before);
  const found = progress?.sources ? ` ${progress.sources === 1 ? "1 source" : `${progress.sources} sources`} so far.` : "";
  return html`<div class="card stack" role="status"><div class="row split"><span><strong>Looking for sources…</strong> <${Elapsed} since=${began} /></span>
      <button class="danger" disabled=${!search || stopping} onClick=${onStop}>Stop the search</button></div>
    <progress aria-label="Looking for sources" ...${counted}></progress>
    <p class="numbers">${words}${stopping ? "" : found}</p>
    ${lost && html`<p class="note warn">The service does not answer just now. The search is not lost: this goes on when it is back.</p>`}
    <p class="quiet small">It goes on when you leave or reload this page. Of a large image draw a box around the galaxy, or look for fewer sources: that is quicker.</p></div>`;
}

function waiting(before) {
  if (!before) return "It is about to begin.";
  return before === 1 ? "One search comes before it." : `${before} searches come before it.`;
}
