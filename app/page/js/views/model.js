/** Model: the image with its components as ellipses, their parameters beside it, and the stages to fit with. */

import { canRedo, canUndo, changeRequest, getDraft, redo, setFaults, undo, useDraft } from "../draft.js";
import { html, useEffect, useState } from "../html.js";
import { faultsElsewhere, sentence } from "../model/faults.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { ComponentTree } from "../parts/component-tree.js";
import { Icon } from "../parts/icons.js";
import { ParameterPanel } from "../parts/parameter-panel.js";
import { RequestDialog } from "../parts/request-dialog.js";
import { Stages } from "../parts/stages.js";
import { complain } from "../parts/toasts.js";
import { go } from "../router.js";
import { loadCatalogue, postJson } from "../service.js";
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
  const { request, faults } = draft;
  const [imageAt, setImageAt] = useState(0);
  const image = request.images[Math.min(imageAt, request.images.length - 1)];
  const [selected, select] = useState(() => firstShown(request));
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const fit = async () => {
    setBusy(true);
    try {
      go("fits", (await postJson("/v1/fits", getDraft().request)).id);
    } catch (error) {
      setFaults(error.faults ?? []);
      complain(error);
      setBusy(false);
    }
  };
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
  const name = (event) => changeRequest((before) => ({ ...before, name: event.target.value }));
  return html`
    <div class="heading"><h1 class="visually-hidden">Model</h1>
      <input class="name" aria-label="Name of the fit" placeholder="Name of the fit" value=${request.name ?? ""} onChange=${name} />
      <button class="bare icon" aria-label="Undo" title="Undo (Ctrl+Z)" disabled=${!canUndo()} onClick=${undo}><${Icon} name="undo" /></button>
      <button class="bare icon" aria-label="Redo" title="Redo (Ctrl+Shift+Z)" disabled=${!canRedo()} onClick=${redo}><${Icon} name="redo" /></button>
      <div class="actions">
        <button onClick=${() => setShown(true)}><${Icon} name="code" />Request</button>
        <button class="primary" disabled=${busy} onClick=${fit}><${Icon} name="play" />${busy ? "Asking…" : "Fit"}</button>
      </div></div>
    ${(draft.proposal?.warnings ?? []).map((warning) => html`<p class="note warn">${warning}</p>`)}
    ${faultsElsewhere(faults).map((fault) => html`<p class="note bad" role="alert"><code>${fault.path}</code> ${sentence(fault)}</p>`)}
    <div class="workbench">
      <div class="stack">
        ${request.images.length > 1 && html`<div class="segments" role="group" aria-label="Image">${request.images.map((each, at) => html`
          <button aria-pressed=${each === image} onClick=${() => setImageAt(at)}>${each.name}</button>`)}</div>`}
        <${ImageStage} key=${image.name} image=${image} request=${request} catalogue=${catalogue} selected=${selected} select=${select} />
      </div>
      <div class="side">
        <section class="card stack"><h2>Components</h2>
          <${ComponentTree} request=${request} catalogue=${catalogue} selected=${selected} select=${select} change=${changeRequest} faults=${faults} />
        </section>
        ${selected && html`<${ParameterPanel} key=${selected} name=${selected} request=${request} catalogue=${catalogue}
          change=${changeRequest} select=${select} faults=${faults} />`}
        <section class="card stack"><h2>Stages</h2>
          <${Stages} request=${request} methods=${catalogue.methods} change=${changeRequest} faults=${faults} /></section>
      </div>
    </div>
    ${shown && html`<${RequestDialog} request=${request} change=${changeRequest} close=${() => setShown(false)} />`}`;
}

const firstShown = (request) => (request.components.find(({ parameters }) => parameters && "x" in parameters) ?? request.components[0])?.name;
