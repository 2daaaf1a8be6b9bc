/** Many: every catalogue, newest first; or one of them. */

import { html, useEffect } from "../html.js";
import { moment } from "../model/times.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { getJson } from "../service.js";
import { Catalogue } from "./catalogue.js";

const REFRESH_MILLISECONDS = 3000;

export const Catalogues = ({ route: [id] }) => (id ? html`<${Catalogue} key=${id} id=${id} />` : html`<${All} />`);

function All() {
  const { value, error, again } = useAnswer(() => getJson("/v1/catalogues?limit=100"), []);
  const busy = value?.catalogues.some(({ state }) => ["queued", "running"].includes(state));
  useEffect(() => {
    if (!busy) return undefined;
    const timer = setTimeout(again, REFRESH_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [value, busy]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!value) return html`<${Waiting} what="Fetching the catalogues" />`;
  return html`<div class="heading"><h1>Many objects</h1></div>
    ${value.catalogues.length === 0
      ? html`<div class="empty"><p>No model was used for many objects yet. Make a model of one, and press “Use for many”.</p><a class="button primary" href="#/">Begin with an image</a></div>`
      : html`<div class="card scroll" tabindex="0" role="region" aria-label="Catalogues"><table class="fits"><thead><tr><th scope="col">Name</th><th scope="col">State</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Flagged</th><th scope="col" class="number">Failed</th><th scope="col">Asked for</th></tr></thead>
        <tbody>${value.catalogues.map(({ id, name, state, rows, labels, created_at: created }) => html`<tr key=${id}><th scope="row"><a href=${`#/catalogues/${id}`}>${name || "without a name"}</a>${labels.map((label) => html` <span class="badge">${label}</span>`)}</th>
          <td><span class="badge ${state}">${state}</span></td><td class="number">${rows.total.toLocaleString()}</td><td class="number">${rows.flagged.toLocaleString()}</td><td class="number">${rows.failed.toLocaleString()}</td><td class="quiet">${moment(created)}</td></tr>`)}</tbody></table></div>`}`;
}
