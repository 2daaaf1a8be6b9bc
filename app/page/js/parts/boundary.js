/** A boundary around a view: what goes wrong in it stays in it, and there is a way on. */

import { forgetDraft, getDraft } from "../draft.js";
import { Component, html } from "../html.js";
import { go } from "../router.js";
import { saveText } from "./saving.js";

export class Boundary extends Component {
  constructor() {
    super();
    this.state = { error: null };
  }

  static getDerivedStateFromError(error) {
    return { error };
  }

  render({ children }, { error }) {
    return error ? html`<${Broken} error=${error} again=${() => this.setState({ error: null })} />` : children;
  }
}

function Broken({ error, again }) {
  const draft = getDraft();
  const forget = async () => {
    await forgetDraft();
    go("");
    again();
  };
  const keep = () => saveText(JSON.stringify(draft.request, null, 2), "request.json");
  return html`<div class="narrow stack"><div class="note bad stack" role="alert">
      <p><strong>This view could not be drawn.</strong> ${String(error?.message ?? error)}</p>
      <p>Nothing is lost: fits and files are the service's${draft ? ", and the model is kept in this browser" : ""}.</p></div>
    <div class="row"><button class="primary" onClick=${again}>Try again</button>
      ${draft && html`<button onClick=${keep}>Save the request</button>
        <button class="danger" onClick=${forget}>Forget this draft</button>`}
      <a class="button" href="#/">To the start</a></div></div>`;
}
