/** Model: the image with its components as ellipses, their parameters beside it, and the stages to fit with. */

import { canRedo, canUndo, changeModel, changeRequest, flush, getDraft, redo, setFaults, undo, useDraft } from "../draft.js";
import { html, useEffect, useState } from "../html.js";
import { addAt } from "../model/adding.js";
import { faultsElsewhere, placeOf, sentence } from "../model/faults.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { BandPanes } from "../parts/band-panes.js";
import { ComponentTree } from "../parts/component-tree.js";
import { DroppedRegions } from "../parts/dropped-regions.js";
import { Ellipses } from "../parts/ellipses.js";
import { Icon } from "../parts/icons.js";
import { Sending } from "../parts/dropping.js";
import { Constraints, FitPanel, ImagePanel } from "../parts/image-panel.js";
import { Notices } from "../parts/notices.js";
import { ParameterPanel } from "../parts/parameter-panel.js";
import { RequestDialog } from "../parts/request-dialog.js";
import { Stages } from "../parts/stages.js";
import { complain, settle } from "../parts/toasts.js";
import { go } from "../router.js";
import { loadCatalogue, postJson } from "../service.js";
import { settled } from "../settling.js";
import { ImageStage } from "./image-stage.js";

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
  const { request, strokes = {}, faults } = draft;
  const [shownPlane, setShownPlane] = useState(null);
  const [imageAt, setImageAt] = useState(0);
  const [together, setTogether] = useState(null);
  const image = request.images[Math.min(imageAt, request.images.length - 1)];
  const [chosen, select] = useState(() => firstShown(request));
  // What undo or another tab took away is not chosen any more.
  const selected = request.components.some(({ name }) => name === chosen) ? chosen : firstShown(request);
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const fit = async () => {
    settle();
    const unread = /** @type {HTMLElement | null} */ (document.querySelector('main [data-typed="unread"]'));
    if (unread) {
      unread.focus();
      unread.scrollIntoView({ block: "center" });
      complain(new Error("A field holds what cannot be read: put it right, or empty it, and then fit."));
      return;
    }
    setBusy(true);
    try {
      await flush();
      go("fits", (await postJson("/v1/fits", await settled(getDraft()))).id);
    } catch (error) {
      const told = error.faults ?? [];
      setFaults(told);
      complain(told.length ? new Error(`Nothing was fitted: ${placeOf(told[0].path, getDraft().request)}: ${sentence(told[0])}${told.length > 1 ? `, and ${told.length - 1} more` : ""}.`) : error);
      const at = /^\$\.components\[(\d+)\]/.exec(told[0]?.path ?? "");
      if (at) select(getDraft().request.components[Number(at[1])]?.name);
      setBusy(false);
    }
  };
  useEffect(() => {
    const key = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || isTyped(event.target)) return;
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const name = (event) => changeRequest((before) => ({ ...before, name: event.target.value }));
  return html`
    <div class="heading"><h1 class="visually-hidden">Model</h1>
      <input class="name" aria-label="Name of the fit" placeholder="Name of the fit" data-over=${request.name ?? ""} value=${request.name ?? ""} onChange=${name} />
      <button class="bare icon" aria-label="Undo" title="Undo (Ctrl+Z)" disabled=${!canUndo()} onClick=${undo}><${Icon} name="undo" /></button>
      <button class="bare icon" aria-label="Redo" title="Redo (Ctrl+Shift+Z)" disabled=${!canRedo()} onClick=${redo}><${Icon} name="redo" /></button>
      <div class="actions">
        <button onClick=${() => setShown(true)}><${Icon} name="code" />Request</button>
        <button onClick=${() => go("many", ...(selected ? [selected] : []))}>Use for many</button>
        <button class="primary" disabled=${busy} onClick=${fit}><${Icon} name="play" />${busy ? "Asking…" : "Fit"}</button>
      </div></div>
    ${draft.proposal && html`<${Found} ...${draft.proposal} />`}
    ${faultsElsewhere(faults).map((fault) => html`<p class="note bad" role="alert"><strong>${placeOf(fault.path, request)}</strong> ${sentence(fault)}</p>`)}
    <${Sending} /><${DroppedRegions} request=${request} image=${image} />
    ${draft.imported && html`<${Imported} ...${draft.imported} />`}
    <div class="workbench">
      <div class="stack">
        ${request.images.length > 1 && html`<div class="segments" role="group" aria-label="Image">${request.images.map((each, at) => html`
          <button aria-pressed=${!together && each === image} onClick=${() => (setTogether(null), setImageAt(at))}>${each.name}</button>`)}
          ${["side by side", "colour"].map((mode) => html`<button key=${mode} aria-pressed=${together === mode} onClick=${() => setTogether(mode)}>${mode}</button>`)}</div>`}
        ${together && request.images.length > 1 ? html`<${Together} request=${request} mode=${together} catalogue=${catalogue} selected=${selected} select=${select} />` : html`
        <${ImageStage} key=${image.name} image=${image} request=${request} strokes=${strokes} catalogue=${catalogue} selected=${selected} select=${select} onPlane=${setShownPlane} />`}
      </div>
      <div class="side">
        ${selected && html`<${ParameterPanel} key=${selected} name=${selected} request=${request} image=${image.name} catalogue=${catalogue} files=${draft.files ?? []}
          change=${changeRequest} select=${select} faults=${faults} />`}
        <section class="card stack"><h2>Components</h2>
          <${ComponentTree} request=${request} catalogue=${catalogue} selected=${selected} select=${select} change=${changeRequest} faults=${faults} shown=${shownPlane} />
        </section>
        <${ImagePanel} request=${request} image=${image} files=${draft.files ?? []} faults=${faults} shape=${shownPlane?.plane.shape} header=${shownPlane?.header} catalogue=${catalogue} selected=${selected} shown=${shownPlane} showImage=${setImageAt} />
        <${Constraints} request=${request} faults=${faults} />
        <${FitPanel} request=${request} faults=${faults} />
        <section class="card stack"><h2>Stages</h2>
          <${Stages} draft=${draft} request=${request} methods=${catalogue.methods} change=${changeRequest} faults=${faults} /></section>
      </div>
    </div>
    ${shown && html`<${RequestDialog} request=${request} strokes=${strokes} change=${changeModel} close=${() => setShown(false)} />`}`;
}

/** All images at once, with the components on each. */
function Together({ request, mode, catalogue, selected, select }) {
  const over = (image, sky, { camera, pane }) => html`<${Ellipses} request=${request} image=${image.name} profiles=${catalogue.profiles} sky=${sky} camera=${camera} pane=${pane}
    selected=${selected} select=${select} change=${changeRequest} />`;
  const open = (image, plane, sky, [x, y]) => {
    const { next, name } = addAt(getDraft().request, catalogue, plane, x, y, sky);
    changeRequest(() => next);
    select(name);
  };
  return html`<${BandPanes} request=${request} mode=${mode} over=${over} open=${open} />
    <p class="quiet small">${mode === "colour" ? "One picture of all images, on the pixels of the first; an ellipse is chosen, dragged and turned here, too."
      : "The images move together over the sky, turned as the first one lies. An ellipse is chosen, dragged and turned in any of them; double-click an image to add a component."}</p>`;
}

/** What the search assumed of the file: folded where it would push the image out of sight. */
function Found({ warnings = [], notices = [] }) {
  const told = notices.length ? notices : warnings.map((sentence) => ({ sentence }));
  if (told.length < 2) return html`<${Notices} notices=${told} />`;
  return html`<details class="note warn"><summary>${told.length} things to know of what was found: ${told[0].sentence}; …</summary>
    <div class="stack tight"><${Notices} notices=${told} /></div></details>`;
}

/** What became of each line of a model file. */
function Imported({ format, rows }) {
  const left = rows.filter(({ why_not: why }) => why);
  return html`<details class="note ${left.length ? "warn" : ""}" open=${left.length > 0 && left.length < 6}><summary>From ${format === "regions" ? "regions" : `a model of ${format === "galfit" ? "GALFIT" : format}`}: ${rows.length - left.length} lines taken${left.length ? `, ${left.length} not` : ""}</summary>
    <ul class="stack tight">${[...left, ...rows.filter(({ why_not: why }) => !why)].map(({ file, line, text, taken, why_not: why }) => html`<li class="small">${line > 0 && html`<code>${file}:${line} ${text}</code> `}${why
      ? html`<strong>not taken: ${why}</strong>` : `${line > 0 ? "→ " : ""}${taken}`}</li>`)}</ul></details>`;
}

const firstShown = (request) => (request.components.find(({ parameters }) => parameters && ("x" in parameters || "ra" in parameters)) ?? request.components[0])?.name;

/** Whether a field holds typing of its own, which Ctrl+Z in it is for. */
const isTyped = (target) => target.tagName === "TEXTAREA" || target.dataset?.typed !== undefined
  || (target.tagName === "INPUT" && target.type === "text" && target.dataset.over !== undefined && target.value !== target.dataset.over);
