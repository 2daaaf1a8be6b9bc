/** Help: what the page does where, the keys, and the words of the field, without leaving the view. */

import { html, useState } from "../html.js";
import { Dialog } from "./dialog.js";

const KEYS = [
  ["On an image", "arrows move it, + − zoom, 0 shows all of it, 1 one screen pixel a pixel, Enter adds a component in the middle"],
  ["On an ellipse", "arrows move it (Shift: ten pixels), [ ] turn, + − stretch, < > flatten, Delete removes"],
  ["On a number", "up and down step its last digit"],
  ["On a cut of the histogram", "left and right move it"],
  ["On the corner plot", "arrows choose a square, + − zoom it, 0 shows all"],
  ["Anywhere", "Ctrl+Z takes a change or a stroke back, Ctrl+Shift+Z brings it again"],
];

const WORDS = [
  ["n", "Sérsic index: 1 is an exponential disc, 4 a de Vaucouleurs bulge; the larger, the steeper the middle and the wider the wings"],
  ["rₑ", "half-light radius along the long axis: half of the light is within that ellipse"],
  ["iₑ, i₀", "surface brightness at the half-light radius, and in the middle; data units a pixel"],
  ["μₑ, μ₀", "the same in magnitudes a square arcsecond"],
  ["q", "axis ratio, short to long"],
  ["PA", "position angle of the long axis: on pixels counter-clockwise from up, on the sky from north through east"],
  ["PSF", "point-spread function: what a star looks like in the image; light is blurred with it"],
  ["reduced χ²", "mean square of residual / σ: 1 where the model and the noise are right"],
  ["BIC", "compares models of the same data: the least is best, 10 apart is very strong evidence"],
  ["window", "the part of the image that is fitted"],
  ["stage", "one method after the other: each goes on from where the one before ended"],
];

const STEPS = [
  ["Start", "drop an image with all that belongs to it, or several images of one field"],
  ["Planes", "say which plane is what; find the sources, or open without"],
  ["Model", "drag the ellipses, type the numbers; the lock beside a number limits, fixes, links it or gives it a value in each image"],
  ["Fit", "watch it converge, or come back later: it goes on by itself"],
  ["Result", "images, a card for each component, and what tells how far to trust it; sentences in yellow say what to do"],
];

const List = ({ title, rows }) => html`<section class="stack tight"><h3>${title}</h3><dl class="help">${rows.map(([word, meaning]) => html`<div key=${word}><dt>${word}</dt><dd>${meaning}</dd></div>`)}</dl></section>`;

export function Help() {
  const [open, setOpen] = useState(false);
  return html`<button class="bare small" onClick=${() => setOpen(true)}>Help</button>
    ${open && html`<${Dialog} title="Help" close=${() => setOpen(false)}><div class="dialog-body stack">
      <${List} title="From an image to a result" rows=${STEPS} /><${List} title="Words" rows=${WORDS} /><${List} title="Keys" rows=${KEYS} />
      <p class="small quiet">All routes of the service, to try: <a href="/docs">API</a>.</p></div></${Dialog}>`}`;
}
