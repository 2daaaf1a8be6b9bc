/** The residual of a running fit, drawn anew whenever the service tells of another picture. */

import { html, useEffect, useState } from "../html.js";
import { ask } from "../service.js";

export function LiveResidual({ residual }) {
  const names = Object.keys(residual?.pictures ?? {});
  const [chosen, setChosen] = useState(null);
  const name = chosen ?? names[0];
  const picture = usePicture(residual?.pictures[name], residual?.sequence);
  return html`<section class="card stack"><div class="row split"><h2>Residual</h2>
      ${names.length > 1 && html`<div class="segments" role="group" aria-label="Image">${names.map((each) => html`
        <button key=${each} aria-pressed=${each === name} onClick=${() => setChosen(each)}>${each}</button>`)}</div>`}</div>
    <figure class="live-residual">
      <div class="frame">${picture ? html`<img src=${picture} alt=${`Data minus model over the noise${names.length > 1 ? `, image ${name}` : ""}, at the parameters of the moment`} />` : html`<p>It appears when the fit has run for a second.</p>`}</div>
      <figcaption><span>−5 σ</span><i aria-hidden="true"></i><span>+5 σ</span></figcaption></figure></section>`;
}

/** The picture at an address as an object URL, fetched again with each sequence. When there is no new one the last stays. */
function usePicture(address, sequence) {
  const [picture, setPicture] = useState(null);
  useEffect(() => {
    let wanted = Boolean(address);
    if (wanted)
      ask(address)
        .then((answer) => answer.blob())
        .then((content) => wanted && setPicture(URL.createObjectURL(content)))
        .catch(() => {});
    return () => {
      wanted = false;
    };
  }, [address, sequence]);
  useEffect(() => () => picture && URL.revokeObjectURL(picture), [picture]);
  return picture;
}
