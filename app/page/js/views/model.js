/** Model: the image with its components as ellipses, their parameters beside it, and the stages to fit with. */

import { canRedo, canUndo, changeRequest, getDraft, redo, setFaults, undo, useDraft } from "../draft.js";
import { html, useEffect, useMemo, useState } from "../html.js";
import { Camera } from "../image/camera.js";
import { lightLook, loadPlane, binFor } from "../image/planes.js";
import { faultsElsewhere, sentence } from "../model/faults.js";
import { originOf, reference } from "../model/requests.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { Compass, ScaleBar } from "../parts/bearings.js";
import { ComponentTree } from "../parts/component-tree.js";
import { Ellipses } from "../parts/ellipses.js";
import { Icon } from "../parts/icons.js";
import { Histogram, LookTools } from "../parts/look.js";
import { Pane } from "../parts/pane.js";
import { ParameterPanel } from "../parts/parameter-panel.js";
import { Readout } from "../parts/readout.js";
import { RequestDialog } from "../parts/request-dialog.js";
import { Stages } from "../parts/stages.js";
import { complain } from "../parts/toasts.js";
import { go } from "../router.js";
import { getJson, loadCatalogue, pixelsOf, postJson, skyOf } from "../service.js";
import { addAt } from "../model/adding.js";

export function Model() {
  const draft = useDraft();
  const catalogue = useAnswer(loadCatalogue, []);
  if (!draft) {
    return html`<div class="empty"><p>There is no model yet.</p><a class="button primary" href="#/">Begin with an image</a></div>`;
  }
  if (catalogue.error) return html`<${Failure} ...${catalogue} />`;
  if (!catalogue.value) return html`<${Waiting} what="Asking for the profiles" />`;
  return html`<${Workbench} draft=${draft} catalogue=${catalogue.value} />`;
}

function Workbench({ draft, catalogue }) {
  const { request, faults } = draft;
  const [imageAt, setImageAt] = useState(0);
  const image = request.images[Math.min(imageAt, request.images.length - 1)];
  const [selected, select] = useState(() => firstShown(request));
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(null);
  const submit = async (stages, what, then) => {
    setBusy(what);
    try {
      then(await postJson("/v1/fits", { ...getDraft().request, stages }));
    } catch (error) {
      setFaults(error.faults ?? []);
      complain(error);
    }
    setBusy(null);
  };
  const fit = () => submit(request.stages, "fit", ({ id }) => go("fits", id));
  const change = (apply) => changeRequest(apply);
  useEffect(() => {
    const key = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || /input|textarea/i.test(event.target.tagName)) return;
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const name = (event) => change((before) => ({ ...before, name: event.target.value }));
  return html`
    <div class="heading"><h1 class="visually-hidden">Model</h1>
      <input class="name" aria-label="Name of the fit" placeholder="Name of the fit" value=${request.name ?? ""} onChange=${name} />
      <button class="bare icon" aria-label="Undo" title="Undo (Ctrl+Z)" disabled=${!canUndo()} onClick=${undo}><${Icon} name="undo" /></button>
      <button class="bare icon" aria-label="Redo" title="Redo (Ctrl+Shift+Z)" disabled=${!canRedo()} onClick=${redo}><${Icon} name="redo" /></button>
      <div class="actions">
        <button onClick=${() => setShown(true)}><${Icon} name="code" />Request</button>
        <button class="primary" disabled=${busy !== null} onClick=${fit}><${Icon} name="play" />${busy === "fit" ? "Asking…" : "Fit"}</button>
      </div></div>
    ${(draft.proposal?.warnings ?? []).map((warning) => html`<p class="note warn">${warning}</p>`)}
    ${faultsElsewhere(faults).map((fault) => html`<p class="note bad" role="alert"><code>${fault.path}</code> ${sentence(fault)}</p>`)}
    <div class="workbench">
      <div class="stack">
        ${request.images.length > 1 && html`<div class="segments" role="group" aria-label="Image">${request.images.map((each, at) => html`
          <button aria-pressed=${each === image} onClick=${() => setImageAt(at)}>${each.name}</button>`)}</div>`}
        <${Stage} key=${JSON.stringify(image.data)} image=${image} request=${request} catalogue=${catalogue} selected=${selected}
          select=${select} change=${change} />
      </div>
      <div class="side">
        <section class="card stack"><h2>Components</h2>
          <${ComponentTree} request=${request} catalogue=${catalogue} selected=${selected} select=${select} change=${change} faults=${faults} />
        </section>
        ${selected && html`<${ParameterPanel} key=${selected} name=${selected} request=${request} catalogue=${catalogue}
          change=${change} select=${select} faults=${faults} />`}
        <section class="card stack"><h2>Stages</h2>
          <${Stages} request=${request} methods=${catalogue.methods} change=${change} faults=${faults} /></section>
      </div>
    </div>
    ${shown && html`<${RequestDialog} request=${request} change=${change} close=${() => setShown(false)} />`}`;
}

function Stage({ image, request, catalogue, selected, select, change }) {
  const file = reference(image.data);
  const { value, error, again } = useAnswer(() => loadImage(file, originOf(image)), [file.upload, file.hdu]);
  const camera = useMemo(() => new Camera(), []);
  const [look, setLook] = useState(null);
  const [cursor, setCursor] = useState(null);
  useEffect(() => {
    if (value) setLook(lightLook(value.plane));
  }, [value]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  const { plane, sky } = value ?? {};
  const add = ([x, y]) => {
    const { next, name } = addAt(getDraft().request, catalogue, plane, x, y);
    change(() => next);
    select(name);
  };
  const overlay = ({ camera: seen, pane }) => html`<${Ellipses} request=${request} profiles=${catalogue.profiles} camera=${seen}
    pane=${pane} selected=${selected} select=${select} change=${change} />`;
  return html`
    <${Pane} plane=${plane} look=${look} camera=${camera} label=${`Image ${image.name}`} onCursor=${setCursor} onOpen=${plane && add}
      corner=${() => html`<${Readout} cursor=${cursor} plane=${plane} sky=${sky} /><${ScaleBar} camera=${camera} sky=${sky} /><${Compass} sky=${sky} />`}>
      ${overlay}</${Pane}>
    ${look && html`<div class="card stack"><div class="tools"><${LookTools} look=${look} plane=${plane} onChange=${setLook} /></div>
      <${Histogram} plane=${plane} look=${look} onChange=${setLook} /></div>`}
    <p class="quiet small">Drag an ellipse to move it, its ends to stretch and turn it; double-click the sky, or press Enter on the
      image, to add one. On an ellipse: arrows move, [ ] turn, + − stretch, &lt; &gt; flatten, Delete removes.</p>`;
}

async function loadImage(file, origin) {
  const { description } = await getJson(`/v1/uploads/${file.upload}`);
  const hdu = description.hdus.find(({ index, name, is_image: is }) => is && (file.hdu === undefined || file.hdu === null || index === file.hdu || name === file.hdu));
  const [plane, sky] = await Promise.all([
    loadPlane(pixelsOf(file), binFor(hdu.shape)), getJson(skyOf(file)).catch(() => null),
  ]);
  return { plane, sky, window: origin };
}

const firstShown = (request) => (request.components.find(({ parameters }) => parameters && "x" in parameters) ?? request.components[0])?.name;
