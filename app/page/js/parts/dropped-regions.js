/** Regions that are dropped on a model: masked, or taken as starts, masks and window of the image that is shown. */

import { changeRequest } from "../draft.js";
import { html, useState } from "../html.js";
import { allMasked, kindOfText } from "../model/dropped-texts.js";
import { frameOf } from "../model/forms.js";
import { freeName, reference } from "../model/requests.js";
import { postJson } from "../service.js";
import { useStore } from "../store.js";
import { texts as droppedTexts } from "./dropping.js";
import { complain, tell } from "./toasts.js";

export function DroppedRegions({ request, image }) {
  const texts = useStore(droppedTexts);
  const entries = Object.entries(texts);
  if (!entries.length) return null;
  return entries.map(([name, text]) => (kindOfText(text) === "regions" ? html`<${Regions} key=${name} name=${name} text=${text} request=${request} image=${image} />`
    : html`<p key=${name} class="note warn row split"><span><strong>${name}</strong> belongs to a new model: drop it on the start page with its image.</span>
      <button class="bare" onClick=${() => forget(name)}>Dismiss</button></p>`));
}

const forget = (name) => droppedTexts.set(({ [name]: _, ...rest }) => rest);

function Regions({ name, text, request, image }) {
  const [busy, setBusy] = useState(false);
  const onSky = frameOf(request) === "sky";
  const take = async (masked) => {
    setBusy(true);
    try {
      const { upload } = reference(image.data);
      const { request: found, rows } = await postJson("/v1/import", { text: masked ? allMasked(text) : text, name, files: { image: upload }, image: "image" });
      const [{ mask_shapes: shapes = [], window }] = found.images;
      const starts = onSky ? [] : found.components.filter(({ profile }) => !profile.endsWith("_sky"));
      changeRequest((before) => starts.reduce(withStart, { ...before, images: before.images.map((each) => (each.name === image.name
        ? { ...each, ...(shapes.length && { mask_shapes: [...(each.mask_shapes ?? []), ...shapes] }), ...(window && { window }) } : each)) }));
      const left = rows.filter(({ why_not: why }) => why).map(({ line, why_not: why }) => `line ${line} ${why}`);
      const lost = onSky && found.components.length > 1 ? ["components of a model on the sky are begun by hand"] : [];
      tell(`Of ${name}: ${shapes.length} masked, ${starts.length} components, ${window ? "a window" : "no window"}.${left.length + lost.length ? ` Not taken: ${[...left, ...lost].join("; ")}.` : ""}`);
      forget(name);
    } catch (error) {
      complain(error.faults?.length ? new Error(error.faults[0].message) : error);
      setBusy(false);
    }
  };
  return html`<section class="note row split" aria-label=${`Regions ${name}`}><span>Regions of <strong>${name}</strong>, for ${image.name === "image" ? "the image" : image.name}:</span>
    <span class="row"><button disabled=${busy} onClick=${() => take(true)}>Mask what they hold</button><button disabled=${busy} onClick=${() => take(false)}>Starts, masks and window, as they say</button>
      <button class="bare" onClick=${() => forget(name)}>Leave them out</button></span></section>`;
}

const withStart = (request, component) => ({ ...request, components: [...request.components,
  request.components.some(({ name }) => name === component.name) ? { ...component, name: freeName(request, "r") } : component] });
