/** Sharing: links that show one fit or catalogue to whoever has them, and how to end them. */

import { html, useState } from "../html.js";
import { getJson, postJson, remove } from "../service.js";
import { moment } from "../model/times.js";
import { Failure, useAnswer } from "./asking.js";
import { Icon } from "./icons.js";
import { complain, copy, tell } from "./toasts.js";

/** `address` is that of the fit or catalogue. Nothing is shown where the service has no accounts, or the looker has a link. */
export function Sharing({ address }) {
  const me = useAnswer(() => getJson("/v1/me"), []).value;
  if (!me?.accounts || me.shows || !me.scopes.includes("submit")) return null;
  return html`<details class="card"><summary>Share it by a link</summary><${Links} address=${address} /></details>`;
}

function Links({ address }) {
  const links = useAnswer(() => getJson(`${address}/links`), [address]);
  const [made, setMade] = useState(null);
  const make = async (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    try {
      setMade(await postJson(`${address}/links`, { name: String(data.get("name")).trim(), days: Number(data.get("days")) }));
      links.again();
    } catch (error) {
      complain(error);
    }
  };
  const revoke = async (link) => {
    try {
      await remove(`${address}/links/${link.id}`);
      tell("The link is revoked: it opens nothing any more.");
      links.again();
    } catch (error) {
      complain(error);
    }
  };
  const ends = (link) => (link.revoked_at ? `revoked ${moment(link.revoked_at)}` : `until ${moment(link.expires_at)}`);
  return html`<div class="stack"><p class="quiet small">Whoever has a link sees this alone, and can change nothing, until it ends or you revoke it.</p>
    <form class="row" onSubmit=${make}><label class="field">For whom<input name="name" maxlength="80" placeholder="the referee" /></label>
      <label class="field">Days<input name="days" type="number" min="1" max="3650" value="30" required /></label>
      <button type="submit">Make a link</button></form>
    ${made && html`<div class="note good stack tight"><p>The link is shown this once: copy it now.</p>
      <div class="row"><code class="long">${made.url}</code><button onClick=${() => copy(made.url, "Link")}><${Icon} name="copy" />Copy</button></div></div>`}
    ${links.error && html`<${Failure} error=${links.error} />`}
    ${links.value?.shares.length > 0 && html`<ul>${links.value.shares.map((link) => html`<li key=${link.id} class="row split"><span>${link.name} <span class="quiet">(<code>${link.prefix}…</code>, ${ends(link)})</span></span>
      ${!link.revoked_at && html`<button class="bare danger" onClick=${() => revoke(link)} aria-label=${`Revoke ${link.name} ${link.prefix}`}>Revoke</button>`}</li>`)}</ul>`}</div>`;
}
