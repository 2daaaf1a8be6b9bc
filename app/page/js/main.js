/** Starts the page. */

import { App } from "./app.js";
import { openDrafts } from "./draft.js";
import { html, render } from "./html.js";
import { sweepPreviews } from "./parts/previewing.js";

await openDrafts();
render(html`<${App} />`, document.getElementById("page"));
sweepPreviews();
