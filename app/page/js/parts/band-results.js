/** One plane of a result in every image, side by side: data, model or residual, moved together over the sky. */

import { html, useMemo, useState } from "../html.js";
import { linkedCameras } from "../image/linked-cameras.js";
import { binFor, lightLook, loadPlane, RESIDUAL_LOOK } from "../image/planes.js";
import { originOf, reference } from "../model/requests.js";
import { getJson, loadCatalogue, pixelsOfResult, skyOf } from "../service.js";
import { Failure, useAnswer, Waiting } from "./asking.js";
import { Compass, ScaleBar } from "./bearings.js";
import { ellipsesOf } from "./ellipses.js";
import { Pane } from "./pane.js";
import { Readout } from "./readout.js";
import { SeenEllipse } from "./result-panes.js";

const KINDS = { data: "Data", model: "Model", normalized_residual: "Residual / σ" };
const LARGEST_SIDE = 1024;

export function BandResults({ fit, request, lit, light }) {
  const { value, error } = useAnswer(() => Promise.all(request.images.map((image) => loadBand(fit, image))), [fit.id]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!value) return html`<${Waiting} what="Fetching the images" />`;
  return html`<${Panes} bands=${value} request=${request} lit=${lit} light=${light} />`;
}

async function loadBand(fit, image) {
  const file = reference(image.data);
  const links = fit.links.images[image.name];
  const described = await getJson(`/v1/uploads/${file.upload}`).catch(() => null);
  const shape = described?.description.hdus.find(({ index, name }) => index === (file.hdu ?? 0) || name === file.hdu)?.shape;
  const bin = shape ? binFor(shape.slice(-2), LARGEST_SIDE) : 1;
  const [sky, ...planes] = await Promise.all([getJson(skyOf(file)).catch(() => null), ...Object.keys(KINDS).map((kind) => loadPlane(pixelsOfResult(links[kind]), bin, originOf(image)))]);
  return { name: image.name, sky, planes: Object.fromEntries(Object.keys(KINDS).map((kind, at) => [kind, planes[at]])) };
}

function Panes({ bands, request, lit, light }) {
  const [kind, setKind] = useState("normalized_residual");
  const [cursor, setCursor] = useState(null);
  const cameras = useMemo(() => linkedCameras(bands.map(({ sky }) => sky)), [bands]);
  const looks = useMemo(() => bands.map(({ planes }) => lightLook(planes.data)), [bands]);
  const profiles = useAnswer(loadCatalogue, []).value?.profiles ?? [];
  return html`<div class="tools"><div class="segments" role="group" aria-label="What is shown">${Object.entries(KINDS).map(([key, words]) => html`<button key=${key} aria-pressed=${key === kind} onClick=${() => setKind(key)}>${words}</button>`)}</div></div>
    <div class="panes">${bands.map(({ name, sky, planes }, at) => html`<${Pane} key=${name} small plane=${planes[kind]} look=${kind === "normalized_residual" ? RESIDUAL_LOOK : looks[at]} camera=${cameras[at]} title=${`${KINDS[kind]}, ${name}`}
      label=${`${KINDS[kind]} of ${name}`} onCursor=${(place) => setCursor(place && { at, place })}
      corner=${() => html`<${Readout} cursor=${cursor?.at === at ? cursor.place : null} plane=${planes[kind]} sky=${sky} /><${ScaleBar} camera=${cameras[at]} sky=${sky} /><${Compass} sky=${sky} camera=${cameras[at]} />`}>
      ${({ camera }) => (profiles.length ? ellipsesOf(request, profiles, sky, name) : []).map((each) => html`<${SeenEllipse} key=${each.name} ellipse=${each} camera=${camera} lit=${each.name === lit} light=${light} />`)}</${Pane}>`)}</div>`;
}
