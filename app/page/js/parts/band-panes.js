/** The images of a model side by side, moved together over the sky; or one picture of them in colour. */

import { html, useEffect, useMemo, useState } from "../html.js";
import { compositeOf } from "../image/composite.js";
import { linkedCameras } from "../image/linked-cameras.js";
import { binFor, lightLook, loadPlane } from "../image/planes.js";
import { reference } from "../model/requests.js";
import { getJson, pixelsOf, skyOf } from "../service.js";
import { hduOf } from "../settling.js";
import { Failure, useAnswer, Waiting } from "./asking.js";
import { Compass, ScaleBar } from "./bearings.js";
import { Layer } from "./layer.js";
import { LookTools } from "./look.js";
import { NumberField } from "./number-field.js";
import { Pane } from "./pane.js";
import { Readout } from "./readout.js";

const LARGEST_SIDE = 1024;

/** `mode` is "side by side" or "colour"; `over` draws over each image, and `open` adds to one: (image, plane, sky). */
export function BandPanes({ request, mode, over, open }) {
  const key = JSON.stringify(request.images.map(({ name, data }) => [name, data]));
  const { value: bands, error, again } = useAnswer(() => Promise.all(request.images.map(loadBand)), [key]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!bands || bands.length !== request.images.length) return html`<${Waiting} what="Fetching the images" />`;
  return mode === "colour" ? html`<${Colour} key=${key} bands=${bands} request=${request} over=${over} />`
    : html`<${SideBySide} key=${key} bands=${bands} request=${request} over=${over} open=${open} />`;
}

async function loadBand(image) {
  const file = reference(image.data);
  const { description } = await getJson(`/v1/uploads/${file.upload}`);
  const header = hduOf(description, file);
  const shape = header.shape.slice(-2);
  const [plane, sky] = await Promise.all([loadPlane(pixelsOf(file), binFor(shape, LARGEST_SIDE)), getJson(skyOf(file)).catch(() => null)]);
  return { name: image.name, plane: { ...plane, shape }, sky, headerZeroPoint: header.zero_point ?? null };
}

function SideBySide({ bands, request, over, open }) {
  const cameras = useMemo(() => linkedCameras(bands.map(({ sky }) => sky)), [bands]);
  const [looks, setLooks] = useState(() => bands.map(({ plane }) => lightLook(plane)));
  const [cursor, setCursor] = useState(null);
  // Stretch and colours go for all; cuts are each image's own.
  const relook = (look) => setLooks(looks.map((before, at) => (at === 0 ? look : { ...before, stretch: look.stretch, map: look.map })));
  return html`<div class="tools"><${LookTools} look=${looks[0]} plane=${bands[0].plane} onChange=${relook} /></div>
    <div class="panes">${bands.map(({ name, plane, sky }, at) => html`<${Pane} key=${name} small plane=${plane} look=${looks[at]} camera=${cameras[at]} title=${name}
      label=${`Data, image ${name}`} onCursor=${(place) => setCursor(place && { at, place })} onOpen=${open && ((place) => open(request.images[at], plane, sky, place))}
      corner=${() => html`<${Readout} cursor=${cursor?.at === at ? cursor.place : null} plane=${plane} sky=${sky} /><${ScaleBar} camera=${cameras[at]} sky=${sky} /><${Compass} camera=${cameras[at]} sky=${sky} />`}>
      ${(view) => over(request.images[at], sky, view)}</${Pane}>`)}</div>`;
}

function Colour({ bands, request, over }) {
  const [choices, setChoices] = useState({ stretch: 0.5, q: 8 });
  const [picture, setPicture] = useState(null);
  const [cursor, setCursor] = useState(null);
  const zeroPoints = bands.map(({ headerZeroPoint }, at) => request.images[at].zero_point ?? headerZeroPoint);
  const waves = request.images.map(({ wavelength }) => wavelength);
  const known = waves.every((wave) => Number.isFinite(wave));
  const order = bands.map((_, at) => at).sort((one, two) => (known ? waves[one] - waves[two] : one - two));
  const sorted = order.map((at) => ({ ...bands[at], zeroPoint: zeroPoints[at] }));
  const cameras = useMemo(() => linkedCameras([sorted[0].sky]), [bands]);
  const look = useMemo(() => lightLook(sorted[0].plane), [bands]);
  const key = JSON.stringify([choices, order, zeroPoints]);
  useEffect(() => setPicture(compositeOf(sorted, choices)), [key, bands]);
  const field = (label, name) => html`<label class="field">${label}<span class="brush"><${NumberField} value=${choices[name]} digits=${4} onValue=${(value) => value > 0 && setChoices({ ...choices, [name]: value })} /></span></label>`;
  const first = request.images[order[0]];
  return html`<div class="tools">${field("White at", "stretch")}${field("Softening Q", "q")}
      <span class="small quiet">Blue to red: ${sorted.map(({ name }) => name).join(", ")}${known ? ", by their wavelengths" : ", in the order of the request"}; ${zeroPoints.every((each) => Number.isFinite(each)) ? "weighed by their zero points" : "each as bright as its own brightest"}.</span></div>
    <${Pane} plane=${sorted[0].plane} look=${look} camera=${cameras[0]} label=${`Colours of ${sorted.map(({ name }) => name).join(", ")}`} onCursor=${setCursor}
      corner=${(pane) => html`${picture && html`<${Layer} picture=${picture} turn=${key} camera=${cameras[0]} pane=${pane} opacity=${1} />`}
        <${Readout} cursor=${cursor} plane=${sorted[0].plane} sky=${sorted[0].sky} /><${ScaleBar} camera=${cameras[0]} sky=${sorted[0].sky} /><${Compass} camera=${cameras[0]} sky=${sorted[0].sky} />`}>
      ${(view) => over(first, sorted[0].sky, view)}</${Pane}>`;
}
