/** Data, model and residual of a result: three panes that move together, or one in which they blink. */

import { html, useEffect, useMemo, useState } from "../html.js";
import { Camera } from "../image/camera.js";
import { binFor, lightLook, loadPlane, RESIDUAL_LOOK } from "../image/planes.js";
import { originOf, reference } from "../model/requests.js";
import { getJson, pixelsOfResult, planeOfResult, skyOf } from "../service.js";
import { Failure, useAnswer } from "./asking.js";
import { Compass, ScaleBar } from "./bearings.js";
import { Icon } from "./icons.js";
import { LookTools } from "./look.js";
import { Pane } from "./pane.js";
import { Readout } from "./readout.js";

const PLANES = { data: "Data", model: "Model", normalized_residual: "Residual / σ" };
const BLINK_MILLISECONDS = 700;

export function ResultPanes({ fit, request }) {
  const [imageAt, setImageAt] = useState(0);
  const image = request.images[imageAt];
  return html`${request.images.length > 1 && html`<div class="segments" role="group" aria-label="Image">${request.images.map((each, at) => html`
      <button aria-pressed=${at === imageAt} onClick=${() => setImageAt(at)}>${each.name}</button>`)}</div>`}
    <${Linked} key=${image.name} fit=${fit} image=${image} components=${request.components} />`;
}

function Linked({ fit, image, components }) {
  const [instead, setInstead] = useState("model");
  const links = fit.links.images[image.name];
  const { value, error } = useAnswer(() => loadPlanes(links, image), [links.data]);
  const part = useAnswer(() => (instead === "model" || !value ? null : loadPlane(pixelsOfResult(planeOfResult(fit, image.name, instead)), value.bin, originOf(image))), [instead, value]);
  const camera = useMemo(() => new Camera(), []);
  const [looks, setLooks] = useState(null);
  const [cursor, setCursor] = useState(null);
  const [single, setSingle] = useState(null);
  const [blinking, setBlinking] = useState(false);
  useEffect(() => {
    if (!value) return;
    const light = lightLook(value.data);
    setLooks({ data: light, model: light, normalized_residual: RESIDUAL_LOOK });
  }, [value]);
  useEffect(() => {
    if (!blinking) return undefined;
    const timer = setInterval(() => setSingle((before) => next(before ?? "normalized_residual")), BLINK_MILLISECONDS);
    return () => clearInterval(timer);
  }, [blinking]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!value || !looks) return html`<div class="panes">${Object.keys(PLANES).map((key) => html`<div class="pane small" key=${key}></div>`)}</div>`;
  const planeOf = (key) => (key === "model" && part.value ? part.value : value[key]);
  const change = (key) => (look) => setLooks(key === "normalized_residual" ? { ...looks, [key]: look } : { ...looks, data: look, model: look });
  const shown = single ? [single] : Object.keys(PLANES);
  const blink = () => {
    setBlinking(!blinking);
    setSingle(blinking ? null : "data");
  };
  const parts = components.filter(({ images }) => !images || images.includes(image.name)).map(({ name }) => `component/${name}`);
  return html`<div class="tools">
      <${LookTools} look=${looks.data} plane=${value.data} onChange=${change("data")} />
      ${parts.length > 1 && html`<label class="field">Model of<select value=${instead} onChange=${(event) => setInstead(event.target.value)}>
        <option value="model">everything</option>${parts.map((key) => html`<option key=${key} value=${key}>${key.slice(10)}</option>`)}</select></label>`}
      <div class="segments" role="group" aria-label="Panes"><button aria-pressed=${single === null} onClick=${() => (setBlinking(false), setSingle(null))}>All</button>
        ${Object.entries(PLANES).map(([key, words]) => html`<button key=${key} aria-pressed=${single === key && !blinking} onClick=${() => (setBlinking(false), setSingle(key))}>${words}</button>`)}</div>
      <button aria-pressed=${blinking} onClick=${blink}><${Icon} name="blink" />Blink</button></div>
    <div class="panes">${shown.map((key) => html`<${Pane} key=${single ? "one" : key} small=${!single} plane=${planeOf(key)} look=${looks[key]} camera=${camera}
      label=${`${PLANES[key]} of ${image.name}`} title=${PLANES[key]} onCursor=${setCursor}
      corner=${() => html`<${Readout} cursor=${cursor} plane=${planeOf(key)} sky=${value.sky} />
        <${ScaleBar} camera=${camera} sky=${value.sky} />${key === shown[0] && html`<${Compass} sky=${value.sky} />`}`} />`)}</div>`;
}

async function loadPlanes(links, image) {
  const origin = originOf(image);
  const file = reference(image.data);
  const shape = await shapeOf(file);
  const bin = shape ? binFor(shape) : 1;
  const [data, model, residual, sky] = await Promise.all([
    ...Object.keys(PLANES).map((key) => loadPlane(pixelsOfResult(links[key]), bin, origin)),
    getJson(skyOf(file)).catch(() => null),
  ]);
  return { data, model, normalized_residual: residual, sky, bin };
}

/** The data's shape, or null where the upload is gone. */
async function shapeOf(file) {
  try {
    const { description } = await getJson(`/v1/uploads/${file.upload}`);
    return description.hdus.find(({ index, name }) => index === (file.hdu ?? 0) || name === file.hdu)?.shape ?? null;
  } catch {
    return null;
  }
}

function next(key) {
  const keys = Object.keys(PLANES);
  return keys[(keys.indexOf(key) + 1) % keys.length];
}
