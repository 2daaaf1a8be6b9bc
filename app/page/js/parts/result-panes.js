/** Data, model and residual of a result: three panes that move together, or one in which they blink. */

import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { Camera } from "../image/camera.js";
import { binFor, lightLook, loadPlane, RESIDUAL_LOOK } from "../image/planes.js";
import { useSmoothed } from "../image/smoothing.js";
import { originOf, reference } from "../model/requests.js";
import { sample } from "../image/cuts.js";
import { topOf } from "../model/ellipse.js";
import { getJson, loadCatalogue, pixelsOfResult, planeOfResult, skyOf } from "../service.js";
import { Failure, useAnswer } from "./asking.js";
import { BandResults } from "./band-results.js";
import { Compass, ScaleBar } from "./bearings.js";
import { ellipsesOf } from "./ellipses.js";
import { Icon } from "./icons.js";
import { LookTools, lookKeys } from "./look.js";
import { LookingMarks, LookingPanels, LookingTools, useContours, useLooking } from "./looking.js";
import { NumberField } from "./number-field.js";
import { Pane } from "./pane.js";
import { RadialProfile } from "./radial-profile.js";
import { Readout } from "./readout.js";

const PLANES = { data: "Data", model: "Model", normalized_residual: "Residual / σ" };
const MOST_DRAWN = 40;
const BLINK_MILLISECONDS = 700;

export function ResultPanes({ fit, request, lit, light }) {
  const [imageAt, setImageAt] = useState(0);
  const [together, setTogether] = useState(false);
  const image = request.images[imageAt];
  return html`${request.images.length > 1 && html`<div class="segments" role="group" aria-label="Image">${request.images.map((each, at) => html`
      <button aria-pressed=${!together && at === imageAt} onClick=${() => (setTogether(false), setImageAt(at))}>${each.name}</button>`)}
      <button aria-pressed=${together} onClick=${() => setTogether(true)}>side by side</button></div>`}
    ${together ? html`<${BandResults} fit=${fit} request=${request} lit=${lit} light=${light} />` : html`<${Linked} key=${image.name} fit=${fit} image=${image} request=${request} lit=${lit} light=${light} />`}`;
}

function Linked({ fit, image, request, lit, light }) {
  const { components } = request;
  const file = reference(image.data);
  const profiles = useAnswer(loadCatalogue, []).value?.profiles ?? [];
  const [drawn, setDrawn] = useState(components.length <= MOST_DRAWN);
  const [minus, setMinus] = useState(false);
  const [instead, setInstead] = useState("model");
  const links = fit.links.images[image.name ?? "image"];
  const { value, error } = useAnswer(() => loadPlanes(links, image), [links.data]);
  const part = useAnswer(() => (instead === "model" || !value ? null : loadPlane(pixelsOfResult(planeOfResult(fit, image.name, instead)), value.bin, originOf(image))), [instead, value]);
  const camera = useMemo(() => new Camera(), []);
  const [looks, setLooks] = useState(null);
  const [cursor, setCursor] = useState(null);
  const looking = useLooking(camera, value?.sky ?? null, cursor);
  const frame = useRef(null);
  const [radial, setRadial] = useState(false);
  const smooth = {
    data: useSmoothed(value?.data ?? null, looking.sigma), model: useSmoothed(part.value ?? value?.model ?? null, looking.sigma),
    normalized_residual: useSmoothed(value?.normalized_residual ?? null, looking.sigma),
  };
  const contours = useContours(looking.contours ? smooth.data : null, looks?.data, looking.contours);
  const [single, setSingle] = useState(null);
  const [blinking, setBlinking] = useState(false);
  useEffect(() => {
    if (!value) return;
    const light = lightLook(value.data);
    setLooks({ data: light, model: light, normalized_residual: RESIDUAL_LOOK });
  }, [value]);
  // One pane has another size than three: the image fits it anew.
  const alone = single !== null;
  const before = useRef(alone);
  if (before.current !== alone) {
    before.current = alone;
    camera.placed = false;
  }
  useEffect(() => {
    if (!blinking) return undefined;
    const timer = setInterval(() => setSingle((before) => next(before ?? "normalized_residual")), BLINK_MILLISECONDS);
    return () => clearInterval(timer);
  }, [blinking]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!value || !looks) return html`<div class="panes">${Object.keys(PLANES).map((key) => html`<div class="pane small" key=${key}></div>`)}</div>`;
  const left = minus && part.value ? subtracted(value.data, part.value) : null;
  const planeOf = (key) => (key === "model" && part.value ? part.value : key === "data" && left ? left : value[key]);
  const seenOf = (key) => (key === "data" && left ? left : smooth[key] ?? planeOf(key));
  // A component has cuts of its own: those of the data have the sky in them.
  const lookOf = (key) => (key === "model" && part.value ? { ...lightLook(part.value), map: looks.model.map, stretch: looks.model.stretch } : looks[key]);
  const ellipses = drawn && profiles.length ? ellipsesOf(request, profiles, value.sky, image.name) : [];
  const over = ({ camera: current }) => html`<${LookingMarks} looking=${looking} camera=${current} contours=${contours} />${ellipses.map((each) => html`<${SeenEllipse} key=${each.name} ellipse=${each} camera=${current} lit=${each.name === lit} light=${light} />`)}`;
  const titleOf = (key) => (key === "model" && part.value ? `Model of ${instead.slice(10)}` : key === "data" && left ? `Data − ${instead.slice(10)}` : PLANES[key]);
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
      ${instead !== "model" && html`<label class="choice"><input type="checkbox" checked=${minus} onChange=${() => setMinus(!minus)} />taken from the data</label>`}
      <label class="choice"><input type="checkbox" checked=${drawn} onChange=${() => setDrawn(!drawn)} />Ellipses</label>
      <label class="field">Residual ±σ<span class="brush"><${NumberField} value=${looks.normalized_residual.high} digits=${3} onValue=${(high) => high > 0 && change("normalized_residual")({ ...RESIDUAL_LOOK, low: -high, high, cuts: `±${high} σ` })} /></span></label>
      <div class="segments" role="group" aria-label="Panes"><button aria-pressed=${single === null} onClick=${() => (setBlinking(false), setSingle(null))}>All</button>
        ${Object.entries(PLANES).map(([key, words]) => html`<button key=${key} aria-pressed=${single === key && !blinking} onClick=${() => (setBlinking(false), setSingle(key))}>${words}</button>`)}</div>
      <button aria-pressed=${blinking} onClick=${blink}><${Icon} name="blink" />Blink</button></div>
    <div class="panes" ref=${frame}>${shown.map((key) => html`<${Pane} key=${single ? "one" : key} small=${!single} plane=${seenOf(key)} look=${lookOf(key)} camera=${camera}
      label=${`${PLANES[key]} of ${image.name}`} title=${titleOf(key)} onCursor=${setCursor} onDraw=${looking.draw} onKey=${lookKeys(looks[key], value[key], change(key))}
      corner=${() => html`<${Readout} cursor=${cursor} plane=${planeOf(key)} sky=${value.sky} />
        <${ScaleBar} camera=${camera} sky=${value.sky} />${key === shown[0] && html`<${Compass} camera=${camera} sky=${value.sky} />`}`}>${over}</${Pane}>`)}</div>
    <${LookingTools} looking=${looking} file=${file} frame=${frame} name=${fit.name} />
    <${LookingPanels} looking=${looking} planes=${{ [titleOf("data")]: planeOf("data"), [titleOf("model")]: planeOf("model"), [PLANES.normalized_residual]: value.normalized_residual }} />
    <details class="card" onToggle=${(event) => setRadial(event.target.open)}><summary>Radial profile of a component over the data</summary>${radial && html`<div class="stack">
      <${RadialProfile} ellipses=${ellipsesOf(request, profiles, value.sky, image.name)} data=${value.data} model=${value.model} setRing=${looking.setRing} zeroPoint=${image.zero_point}
        planeOf=${(name) => (parts.length > 1 ? loadPlane(pixelsOfResult(planeOfResult(fit, image.name, `component/${name}`)), value.bin, originOf(image)) : value.model)} /></div>`}</details>`;
}

/** An ellipse that is looked at: pointing at it lights its card, and the card lights it. */
export function SeenEllipse({ ellipse: { name, x, y, r, q, pa, ...rest }, camera, lit, light }) {
  const turn = `translate(${x} ${y}) rotate(${pa})`;
  return html`<g class="ellipse seen ${lit ? "lit" : ""}" data-component=${name} onMouseEnter=${() => light(name)} onMouseLeave=${() => light(null)} onClick=${() => light(name, true)}>
    <ellipse class="shade" transform=${turn} rx=${Math.abs(r * q)} ry=${Math.abs(r)} /><ellipse class="outline" transform=${turn} rx=${Math.abs(r * q)} ry=${Math.abs(r)} />
    <text class="name" transform=${camera.label(x, y, topOf({ r, q, pa, ...rest }))} y="-5" text-anchor="middle">${name}</text></g>`;
}

/** A plane less another of the same pixels. */
function subtracted(plane, other) {
  const values = plane.values.map((value, at) => value - other.values[at]);
  return { ...plane, values, sorted: sample(values) };
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
