/** A row of a catalogue: its images, its numbers, its flags with what to do, and on to a fit or a model of its own. */

import { startDraft } from "../draft.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { Camera } from "../image/camera.js";
import { lightLook, RESIDUAL_LOOK } from "../image/planes.js";
import { flagsIn } from "../model/columns.js";
import { withRow } from "../model/many.js";
import { general, roundMeasurement } from "../model/rounding.js";
import { go } from "../router.js";
import { getJson, postJson } from "../service.js";
import { Failure, useAnswer, Waiting } from "./asking.js";
import { Icon } from "./icons.js";
import { Pane } from "./pane.js";
import { planesAt } from "./previewing.js";
import { Readout } from "./readout.js";
import { complain } from "./toasts.js";

const PLANES = { data: "Data", model: "Model", residual: "Residual / σ" };

export function RowPanel({ catalogue, table, number, flags, close, before, after }) {
  const name = table.numbers[number];
  const { value, error } = useAnswer(() => getJson(catalogue.links.row.replace("{n}", name)), [name]);
  const request = useMemo(() => (value?.request && value.values ? withRow(value.request, value.values) : null), [value]);
  const beside = request ? neighboursIn(request, value.values) : [];
  const told = flagsIn(table.columns.get("flags")?.values[number], flags);
  const message = table.columns.get("message")?.values[number];
  const open = () => {
    startDraft({ request: { ...(request ?? value.request), name: `${catalogue.name} row ${name}`.trim() }, title: `Row ${name}` });
    go("model");
  };
  const fit = async () => {
    try {
      go("fits", (await postJson("/v1/fits", { ...value.request, name: `${catalogue.name} row ${name}`.trim() })).id);
    } catch (failure) {
      complain(failure);
    }
  };
  const section = useRef(null);
  useEffect(() => section.current.scrollIntoView({ block: "nearest" }), [name, value]);
  const numbers = table.names.filter((key) => table.columns.get(key).numeric && table.columns.has(`${key}_err`));
  return html`<section class="card stack row-panel" ref=${section} aria-label=${`Row ${name}`}>
    <div class="row split"><h2>Row ${name}</h2><div class="row">
      <button class="bare icon" aria-label="The row before" title="The row before" disabled=${!before} onClick=${before}><${Icon} name="up" /></button>
      <button class="bare icon" aria-label="The row after" title="The row after" disabled=${!after} onClick=${after}><${Icon} name="down" /></button>
      <button disabled=${!value?.request} onClick=${open}>Open as a model</button><button disabled=${!value?.request} onClick=${fit}>Fit it by itself</button>
      <button class="bare icon" aria-label="Close the row" onClick=${close}><${Icon} name="close" /></button></div></div>
    ${message && html`<p class="small">${message}</p>`}
    ${told.map((flag) => html`<p class="note warn" key=${flag.bit}><strong>${flag.name.replaceAll("_", " ")}.</strong> ${flag.meaning} ${flag.remedy}</p>`)}
    ${error && html`<${Failure} error=${error} />`}
    ${request ? html`<${RowImages} request=${request} beside=${beside} />` : value && html`<p class="quiet small">There are no numbers of this row to draw a model of.</p>`}
    ${numbers.length > 0 && html`<details><summary>Its numbers</summary><div class="scroll" tabindex="0" role="region" aria-label="Numbers of the row"><table><thead><tr><th scope="col">column</th><th scope="col" class="number">value</th><th scope="col" class="number">uncertainty</th><th scope="col">unit</th></tr></thead>
      <tbody>${numbers.map((key) => {
        const [shown, uncertainty] = roundMeasurement(table.columns.get(key).values[number], table.columns.get(`${key}_err`).values[number]);
        return html`<tr key=${key}><th scope="row">${key}</th><td class="number">${shown === "NaN" ? "–" : shown}</td><td class="number">${uncertainty}</td><td>${table.columns.get(key).unit ?? ""}</td></tr>`;
      })}</tbody></table></div></details>`}</section>`;
}

/** Components of a row's request that its line of the table has no numbers of: neighbours that were fitted along. */
const neighboursIn = (request, values) => request.components.map(({ name }) => name)
  .filter((name) => !Object.keys(values).some((key) => key.startsWith(`${name}_`) && key.endsWith("_err_scaled")));

/** Data, model and residual of a row, drawn from its numbers. */
function RowImages({ request, beside }) {
  const [imageAt, setImageAt] = useState(0);
  const image = request.images[imageAt];
  const { value, error } = useAnswer(() => planesAt(request, Object.keys(PLANES).map((key) => (key === "residual" ? "normalized_residual" : key)), beside.length ? [{ method: "lm" }] : []), [request]);
  const camera = useMemo(() => new Camera(), [image.name]);
  const [cursor, setCursor] = useState(null);
  const planes = value?.planes[image.name ?? "image"];
  const light = useMemo(() => planes && lightLook(planes.data), [planes]);
  useEffect(() => setCursor(null), [planes]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!planes) return html`<${Waiting} what="Drawing its images" />`;
  const planeOf = (key) => planes[key === "residual" ? "normalized_residual" : key];
  return html`${request.images.length > 1 && html`<div class="segments" role="group" aria-label="Image">${request.images.map((each, at) => html`
      <button aria-pressed=${at === imageAt} onClick=${() => setImageAt(at)}>${each.name}</button>`)}</div>`}
    <p class="quiet small">Reduced χ² ${general(value.chi2)}${beside.length ? `, with its neighbours ${beside.join(", ")} fitted along once more` : ""}</p>
    <div class="panes">${Object.entries(PLANES).map(([key, words]) => html`<${Pane} key=${key} small plane=${planeOf(key)} look=${key === "residual" ? RESIDUAL_LOOK : light} camera=${camera} label=${`${words} of the row`} title=${words}
      onCursor=${setCursor} corner=${() => html`<${Readout} cursor=${cursor} plane=${planeOf(key)} />`} />`)}</div>`;
}
