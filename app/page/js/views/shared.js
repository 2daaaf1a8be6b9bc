/** Shared: what a link opens, for people without an account. */

import { html, useState } from "../html.js";
import { Failure } from "../parts/asking.js";
import { go } from "../router.js";
import { postJson } from "../service.js";
import { forgetEverything } from "../draft.js";

export function Shared({ route: [id = "", key = ""] }) {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const isCatalogue = id.startsWith("cat_");
  const open = async () => {
    setBusy(true);
    setError(null);
    try {
      const me = await postJson("/v1/session", { key });
      await forgetEverything();
      go(isCatalogue ? "catalogues" : "fits", me.shows ?? id);
    } catch (failure) {
      setError(failure.status === 401 ? new Error("This link is over, or was revoked. Ask who sent it for another.") : failure);
      setBusy(false);
    }
  };
  return html`<div class="narrow stack"><h1>Shared with you</h1>
    <section class="card stack"><p>Somebody lets you look at ${isCatalogue ? "a catalogue" : "a fit"}: its numbers, images, plots and files. You can change nothing, and see nothing else of theirs.</p>
      <p class="quiet small">Whoever is signed in here with an account of their own is signed out by it, and models that this browser keeps are forgotten.</p>
      ${error && html`<${Failure} error=${error} />`}
      <div class="row"><button class="primary" onClick=${open} disabled=${busy || !key}>Look at it</button></div></section></div>`;
}
