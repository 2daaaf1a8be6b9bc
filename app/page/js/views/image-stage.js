/** The image of a model: its ellipses, its preview, its mask, and how it is shown. */

import { changeRequest, forgetDraft, getDraft, newGesture, setFaults } from "../draft.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { Camera } from "../image/camera.js";
import { binFor, lightLook, loadPlane, RESIDUAL_LOOK } from "../image/planes.js";
import { useSmoothed } from "../image/smoothing.js";
import { addAt } from "../model/adding.js";
import { reference } from "../model/requests.js";
import { general } from "../model/rounding.js";
import { boxOf } from "../model/windows.js";
import { Failure, useAnswer } from "../parts/asking.js";
import { Compass, ScaleBar } from "../parts/bearings.js";
import { Ellipses } from "../parts/ellipses.js";
import { Layer } from "../parts/layer.js";
import { LookingMarks, LookingPanels, LookingTools, useContours, useLooking } from "../parts/looking.js";
import { Histogram, LookTools, lookKeys } from "../parts/look.js";
import { MaskShapes, Window } from "../parts/mask-shapes.js";
import { MaskTools, useMask } from "../parts/mask-tools.js";
import { Pane } from "../parts/pane.js";
import { usePreview } from "../parts/previewing.js";
import { Readout } from "../parts/readout.js";
import { getJson, pixelsOf, skyOf } from "../service.js";
import { hduOf } from "../settling.js";

const NONE = [];
const SHOWN = { data: "Data", model: "Model", residual: "Residual / σ" };

export function ImageStage({ image, request, strokes, catalogue, selected, select, onPlane }) {
  const file = reference(image.data);
  const { value, error, again } = useAnswer(() => loadImage(file), [file?.upload, file?.hdu, file?.plane]);
  const camera = useMemo(() => new Camera(), []);
  const [look, setLook] = useState(null);
  const [shown, setShown] = useState("data");
  const [drawn, setDrawn] = useState(true);
  const [cursor, setCursor] = useState(null);
  const [windowing, setWindowing] = useState(false);
  const box = useRef(null);
  const { plane, sky } = value ?? {};
  const preview = usePreview(request, strokes, image, plane?.bin ?? 1, plane && shown !== "data");
  const looking = useLooking(camera, sky, cursor);
  const stage = useRef(null);
  const unsmoothed = shown === "data" ? plane : preview.planes?.[shown] ?? plane;
  const seen = useSmoothed(unsmoothed, looking.sigma);
  const contours = useContours(looking.contours ? seen : null, shown === "residual" && preview.planes ? RESIDUAL_LOOK : look, looking.contours);
  const painting = useMask(image, plane, strokes[image.name ?? "image"] ?? NONE);
  useEffect(() => {
    if (plane) setLook(lightLook(plane));
    onPlane?.(plane && { plane, sky, camera, header: value.header });
  }, [plane]);
  useEffect(() => {
    if (preview.error?.faults?.length) setFaults(preview.error.faults);
  }, [preview.error]);
  if (!file) return html`<p class="note warn">This image is no upload; change the request to one that is.</p>`;
  if (error) return html`<div class="stack"><${Failure} error=${error} again=${again} />
    ${error.status === 404 && html`<p class="small">The file is not on the service any more. Drop it again and choose it under <em>Image</em>, or
      <button class="bare danger" onClick=${() => forgetDraft()}>forget this draft</button>.</p>`}</div>`;
  const shapes = image.mask_shapes ?? [];
  const unmask = () => changeRequest((before) => withImage(before, image.name, { mask_shapes: undefined }));
  const add = ([x, y]) => {
    const { next, name } = addAt(getDraft().request, catalogue, plane, x, y, sky);
    changeRequest(() => next);
    select(name);
  };
  const drawWindow = (at, phase) => {
    if (phase === "start") box.current = { from: at, gesture: newGesture() };
    const drawn = box.current && boxOf(box.current.from, at, plane.shape);
    if (drawn) changeRequest((before) => withImage(before, image.name, { window: drawn }), box.current.gesture);
    if (phase === "end") box.current = null;
  };
  const draws = painting.tool ? painting.mask && painting.draw : windowing && plane ? drawWindow : looking.draw;
  const dab = (at) => ["start", "go", "end"].forEach((phase) => painting.draw(at, phase));
  const seenLook = shown === "residual" && preview.planes ? RESIDUAL_LOOK : look;
  const overlay = ({ camera: current, pane }) => html`<${LookingMarks} looking=${looking} camera=${current} contours=${contours} />${drawn && html`<${MaskShapes} shapes=${shapes} />${image.window && html`<${Window} window=${image.window} />`}
    <${Ellipses} request=${request} image=${image.name} profiles=${catalogue.profiles} sky=${sky} camera=${current} still=${draws !== null}
    pane=${pane} selected=${selected} select=${select} change=${changeRequest} />`}`;
  const corner = (pane) => html`
    ${painting.mask && html`<${Layer} picture=${painting.mask} turn=${painting.turn} camera=${camera} pane=${pane} />`}
    <${Readout} cursor=${cursor} plane=${seen} sky=${sky} /><${ScaleBar} camera=${camera} sky=${sky} /><${Compass} camera=${camera} sky=${sky} />`;
  return html`
    <div class="tools"><div class="segments" role="group" aria-label="What is shown">${Object.entries(SHOWN).map(([key, words]) => html`
        <button key=${key} aria-pressed=${shown === key} onClick=${() => setShown(key)}>${words}</button>`)}</div>
      <label class="choice"><input type="checkbox" checked=${drawn} onChange=${() => setDrawn(!drawn)} />Ellipses</label>
      <span class="small quiet numbers" role="status">${words(shown, preview)}</span></div>
    <div ref=${stage}><${Pane} plane=${seen} look=${seenLook} camera=${camera} label=${`${SHOWN[shown]}, image ${image.name}`} title=${preview.planes && shown !== "data" ? `${SHOWN[shown]} at these parameters` : null}
      onCursor=${setCursor} onOpen=${plane && (painting.tool ? dab : windowing ? null : add)} onDraw=${draws} onKey=${look && lookKeys(look, plane, setLook)} corner=${corner}>
      ${overlay}</${Pane}></div>
    ${plane && html`<${LookingTools} looking=${looking} file=${file} frame=${stage} name=${request.name} />
      <${LookingPanels} looking=${looking} planes=${{ Data: plane, ...(preview.planes && { Model: preview.planes.model, "Residual / σ": preview.planes.residual }) }} />`}
    ${preview.error && html`<${Failure} error=${preview.error} />`}
    ${look && html`<div class="card stack"><div class="tools"><${LookTools} look=${look} plane=${plane} onChange=${setLook} /></div>
      <${Histogram} plane=${plane} look=${look} onChange=${setLook} /><div class="tools"><${MaskTools} painting=${painting} />
        <button aria-pressed=${windowing} onClick=${() => { painting.stop(); setWindowing(!windowing); }}>Draw the window</button>
        ${image.window && html`<button class="bare" onClick=${() => changeRequest((before) => withImage(before, image.name, { window: undefined }))}>Fit the whole image</button>`}</div>
      ${shapes.length > 0 && html`<p class="small">${shapes.length === 1 ? "One shape is" : `${shapes.length} shapes are`} masked, drawn in red.
        <button class="bare" onClick=${unmask}>Unmask</button></p>`}</div>`}
    <p class="quiet small">Click an ellipse to choose it; drag it to move it, its ends to stretch and turn it; double-click the image, or press Enter on
      it, to add one. On an ellipse: arrows move, [ ] turn, + − stretch, ${"< >"} flatten, Delete removes.</p>`;
}

async function loadImage(file) {
  const { description } = await getJson(`/v1/uploads/${file.upload}`);
  const header = hduOf(description, file);
  const shape = header.shape.slice(-2);
  const [plane, sky] = await Promise.all([
    loadPlane(pixelsOf(file), binFor(shape)), getJson(skyOf(file)).catch(() => null),
  ]);
  return { plane: { ...plane, shape }, sky, header };
}

const withImage = (request, name, changes) => ({
  ...request,
  images: request.images.map((image) => (image.name === name ? { ...image, ...changes } : image)),
});

function words(shown, { busy, chi2 }) {
  if (shown === "data") return "";
  if (busy) return "Drawing the model…";
  return chi2 === null ? "" : `reduced χ² ${general(chi2)} at these parameters`;
}
