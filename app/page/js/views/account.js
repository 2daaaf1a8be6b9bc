/** Account: who is signed in, and the keys of programs. Where the service has no accounts, it says so. */

import { html } from "../html.js";

export function Account() {
  return html`<div class="narrow stack"><h1>Account</h1>
    <div class="card stack"><p>This service runs without accounts: everyone who reaches it sees the same files and fits.</p></div></div>`;
}
