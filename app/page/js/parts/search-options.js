/** Choices beside the search for sources: which galaxy the fit is for, its model, its neighbours, and limits. */

import { html, useEffect, useMemo, useState } from "../html.js";
import { Camera } from "../image/camera.js";
import { binFor, lightLook, loadPlane } from "../image/planes.js";
import { MODELS, NEIGHBOURS, TARGETS } from "../model/search.js";
import { pixelsOf } from "../service.js";
import { Failure, useAnswer } from "./asking.js";
import { NumberField } from "./number-field.js";
import { Pane } from "./pane.js";
import { Readout } from "./readout.js";
import { WindowPicker } from "./window-picker.js";

/** `hdu` is that of the image, as its file describes it. */
export function SearchOptions({ choices, setChoices, upload, hdu, faults }) {
  const change = (changes) => setChoices({ ...choices, ...changes });
  const { target, place } = choices;
  const choice = (label, key, options) => html`<label class="field">${label}<select value=${choices[key]}
      onChange=${(event) => change({ [key]: event.target.value })}>
      ${Object.entries(options).map(([value, words]) => html`<option key=${value} value=${value} selected=${value === choices[key]}>${words}</option>`)}
    </select></label>`;
  const number = (label, key, placeholder) => html`<label class="field">${label}<${NumberField} value=${choices[key]} placeholder=${placeholder}
    onValue=${(value) => change({ [key]: value })} /></label>`;
  const put = (at) => (value) => change({ place: (place ?? [0, 0]).map((before, axis) => (axis === at ? value ?? before : before)) });
  return html`<section class="card stack" aria-label="What to look for">
    <div class="row search">
      ${choice("The fit is for", "target", TARGETS)}
      ${choice(target === "everything" ? "A bright galaxy is" : "It is", "model", MODELS)}
      ${target !== "everything" && choice("Its neighbours are", "neighbours", NEIGHBOURS)}
      ${number("Sources at most", "number", "50")}
      ${number("S/N at least", "snr", "any")}
      ${hdu?.zero_point && number("Magnitude at most", "magnitude", "any")}
    </div>
    <label class="choice"><input type="checkbox" checked=${choices.part} onChange=${() => change({ part: !choices.part, window: choices.part ? null : choices.window })} />Only a part of the image: draw a box around it</label>
    ${choices.part && hdu && html`<${WindowPicker} key=${`window ${hdu.index}`} upload=${upload} hdu=${hdu} window=${choices.window} setWindow=${(window) => change({ window })} />`}
    ${target === "place" && hdu && html`<${Picking} key=${hdu.index} upload=${upload} hdu=${hdu} place=${place} pick=${(at) => change({ place: at })} />
      <div class="row search">${["x", "y"].map((axis, at) => html`<label class="field" key=${axis}>${axis} of the galaxy, pixels
        <${NumberField} value=${place?.[at]} onValue=${put(at)} digits=${5} /></label>`)}</div>`}
    ${faults.map((fault) => html`<span class="fault" role="alert">${fault.message}: ${fault.expected}</span>`)}
  </section>`;
}

/** The image, in which a click says where the galaxy is. */
function Picking({ upload, hdu, place, pick }) {
  const { value: plane, error, again } = useAnswer(
    () => loadPlane(pixelsOf({ upload, hdu: hdu.index }), binFor(hdu.shape)), [upload, hdu.index]);
  const camera = useMemo(() => new Camera(), []);
  const [look, setLook] = useState(null);
  const [cursor, setCursor] = useState(null);
  useEffect(() => {
    if (plane) setLook(lightLook(plane));
  }, [plane]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  const cross = ({ camera: current }) => place && html`<g class="target" transform=${`translate(${place[0]} ${place[1]}) scale(${1 / current.zoom})`}>
    <circle r="11" /><path d="M-18 0H-6M6 0H18M0-18V-6M0 6V18" /></g>`;
  return html`<p class="quiet small">Click the galaxy; or move the image by its keys and press Enter to take what is in the middle.</p>
    <${Pane} small plane=${plane} look=${look} camera=${camera} label="The image, to click the galaxy in" onCursor=${setCursor} onOpen=${pick}
      onDraw=${(at, phase) => phase === "start" && pick(at)} corner=${() => html`<${Readout} cursor=${cursor} plane=${plane} />`}>${cross}</${Pane}>`;
}
