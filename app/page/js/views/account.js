/** Account: sign in with a key; make keys for programs, and revoke them. */

import { forgetEverything, listDrafts, signedInAs } from "../draft.js";
import { html, useEffect, useState } from "../html.js";
import { moment } from "../model/times.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { Icon } from "../parts/icons.js";
import { complain, copy, tell } from "../parts/toasts.js";
import { getJson, postJson, remove } from "../service.js";

export function Account() {
  const { value, error, again } = useAnswer(whoAmI, []);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (value === null) return html`<${Waiting} what="Asking who you are" />`;
  return html`<div class="narrow stack"><h1>Account</h1>
    ${!value.accounts ? html`<${Without} />` : value.id ? html`<${SignedIn} me=${value} again=${again} />` : html`<${SignIn} again=${again} />`}</div>`;
}

/** The account; {accounts: true} alone where nobody is signed in, {accounts: false} where the service has none. */
async function whoAmI() {
  try {
    return await getJson("/v1/me");
  } catch (error) {
    if (error.status === 401) return { accounts: true };
    if (error.status === 404) return { accounts: false };
    throw error;
  }
}

const Without = () => html`<div class="card stack"><p>This service runs without accounts: everyone who reaches it sees the same
  files and fits. Its administrator turns accounts on with <code>PHOTFIT_ACCOUNTS=true</code>.</p></div>`;

function SignIn({ again }) {
  const [error, setError] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    try {
      await postJson("/v1/session", { key: String(new FormData(event.target).get("key")).trim() });
      await signedInAs((await getJson("/v1/me")).id);
      const back = sessionStorage.getItem("photfit.back");
      sessionStorage.removeItem("photfit.back");
      if (back && back !== location.hash) location.hash = back.replace(/^#/, "");
      else again();
    } catch (failure) {
      setError(failure);
    }
  };
  return html`<form class="card stack" onSubmit=${submit}><p>Sign in with one of your keys. This browser stays signed in for some hours, or until
    you sign out.</p>
    <label class="field">Key<input name="key" type="password" autocomplete="current-password" required aria-invalid=${error !== null} aria-describedby="key-fault" placeholder="photfit_…" /></label>
    <p id="key-fault" class="fault" role="alert">${error?.message ?? ""}</p>
    <div class="row"><button class="primary" type="submit">Sign in</button></div></form>`;
}

function SignedIn({ me, again }) {
  const keys = useAnswer(() => getJson("/v1/keys"), []);
  const [made, setMade] = useState(null);
  const drafts = useAnswer(listDrafts, []);
  useEffect(() => {
    signedInAs(me.id);
  }, [me.id]);
  const leave = async () => {
    try {
      await remove("/v1/session");
    } catch (error) {
      complain(error);
      return;
    }
    await forgetEverything();
    again();
  };
  const make = async (event) => {
    event.preventDefault();
    const form = event.target;
    const data = new FormData(form);
    try {
      setMade(await postJson("/v1/keys", { name: data.get("name"), scopes: data.getAll("scope"), days: Number(data.get("days")) || null }));
      form.reset();
      keys.again();
    } catch (error) {
      complain(error);
    }
  };
  const revoke = async (key) => {
    if (!confirm(`Revoke the key ${key.name}? Programs that use it will be refused.`)) return;
    try {
      await remove(key.links.self);
      tell(`${key.name} is revoked.`);
      if (key.id === me.key_id) again();
      else keys.again();
    } catch (error) {
      complain(error);
    }
  };
  return html`<div class="card row split"><p>Signed in as <strong>${me.name}</strong>${me.administrator ? ", an administrator" : ""}.</p>
      <div class="row">${drafts.value?.length > 0 && html`<span class="small quiet">Signing out forgets the ${drafts.value.length === 1 ? "model" : `${drafts.value.length} models`} that this browser keeps; files and fits stay.</span>`}
      <button onClick=${leave}>Sign out</button></div></div>
    ${made && html`<div class="note good stack tight"><p>This is the key <strong>${made.name}</strong>. It is shown this once: keep it now.</p>
      <div class="row"><code>${made.key}</code><button onClick=${() => copy(made.key, "Key")}><${Icon} name="copy" />Copy</button></div></div>`}
    <section class="card stack"><h2>Keys</h2>
      ${keys.error && html`<${Failure} error=${keys.error} />`}
      <div class="scroll" tabindex="0" role="region" aria-label="Keys"><table><thead><tr><th scope="col">Name</th><th scope="col">Begins</th><th scope="col">May</th><th scope="col">Last used</th><th scope="col">Ends</th><th scope="col"><span class="visually-hidden">Revoke</span></th></tr></thead>
        <tbody>${(keys.value?.keys ?? []).map((key) => html`<tr key=${key.id}><th scope="row">${key.name}${key.id === me.key_id ? html` <span class="badge running">in use</span>` : ""}</th>
          <td><code>${key.prefix}…</code></td><td>${key.scopes.join(", ")}</td><td class="quiet">${key.last_used_at ? moment(key.last_used_at) : "never"}</td><td class="quiet">${ends(key)}</td>
          <td>${!key.revoked_at && html`<button class="bare danger" onClick=${() => revoke(key)} aria-label=${`Revoke ${key.name}`}>Revoke</button>`}</td></tr>`)}</tbody></table></div></section>
    <form class="card stack" onSubmit=${make}><h2>Make a key</h2>
      <div class="row"><label class="field">Name<input name="name" required maxlength="100" placeholder="my pipeline" /></label>
        <label class="field">Days until it ends<input name="days" inputmode="numeric" pattern="[0-9]*" placeholder="never" /></label></div>
      <fieldset class="row"><legend class="small quiet">It may</legend>${me.scopes.map((scope) => html`<label class="choice" key=${scope}><input type="checkbox" name="scope" value=${scope} checked=${scope !== "admin"} />${scope}</label>`)}</fieldset>
      <div class="row"><button class="primary" type="submit">Make the key</button></div></form>`;
}

const ends = (key) => (key.revoked_at ? `revoked ${moment(key.revoked_at)}` : key.expires_at ? moment(key.expires_at) : "never");
