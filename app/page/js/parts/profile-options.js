/** Options of a component's profile as fields: nodes, grids, numbers, and images that are chosen among the files. */

import { html, useState } from "../html.js";
import { sentence } from "../model/faults.js";
import { fieldsOf, keyOfPlane, numbersIn, withOption } from "../model/options.js";
import { profileWith } from "../service.js";
import { useAnswer } from "./asking.js";
import { Choosing } from "./dropping.js";
import { asReference, planesToChoose } from "./image-panel.js";
import { NumberField } from "./number-field.js";

/** `described` is the profile as the service tells of it with this component's options. */
export function ProfileOptions({ request, component, described, files, faults, edit }) {
  const [refused, setRefused] = useState(null);
  const fields = fieldsOf(described.options);
  const needsImages = fields.some(({ kind }) => kind.startsWith("image"));
  const planes = useAnswer(() => (needsImages ? planesToChoose(request, files) : []), [needsImages, files.join()]).value ?? [];
  if (!fields.length) return null;
  const put = async (name, value) => {
    const next = withOption(component, name, value, null).options ?? {};
    try {
      const { parameters } = await profileWith(component.profile, next);
      const names = new Set([...parameters.map((each) => each.name), "ra", "dec", "flux", "magnitude"]);
      setRefused(null);
      edit((before) => withOption(before, name, value, names));
    } catch (error) {
      // What is still to be said of other options is no fault of this one.
      const fault = error.faults?.find(({ path }) => path.startsWith(`$.options.${name}`));
      if (fault || !error.faults?.length) setRefused({ name, text: fault ? sentence(fault) : error.message });
      else edit((before) => withOption(before, name, value, null));
    }
  };
  const usual = (schema) => (schema.default === undefined || schema.default === null ? "" : [].concat(schema.default).join(", "));
  const field = {
    numbers: ({ name, schema }, said) => html`<${NumbersField} label=${words(name)} value=${said} usual=${usual(schema)} put=${(value) => put(name, value)} />`,
    number: ({ name, schema }, said) => html`<label class="field">${words(name)}<${NumberField} value=${said ?? null} placeholder=${usual(schema) || "as usual"} onValue=${(value) => put(name, value)} /></label>`,
    text: ({ name, schema }, said) => html`<label class="field">${words(name)}<input value=${said ?? ""} placeholder=${usual(schema)} spellcheck="false" onChange=${(event) => put(name, event.target.value.trim() || undefined)} /></label>`,
    image: ({ name }, said) => html`<${PlaneChoice} label=${words(name)} planes=${planes} value=${said} put=${(plane) => put(name, plane)} />`,
    images: ({ name }, said = []) => html`<div class="stack tight" role="group" aria-label=${words(name)}>${said.map((plane, at) => html`<div class="row" key=${at}>
        <${PlaneChoice} label=${`${words(name)}, ${at + 1}`} planes=${planes} value=${plane} put=${(next) => put(name, said.map((each, index) => (index === at ? next : each)))} />
        <button onClick=${() => put(name, said.length > 1 ? said.filter((_, index) => index !== at) : undefined)}>Remove</button></div>`)}
      <${PlaneChoice} key=${`new ${said.length}`} label=${said.length ? `Another of ${words(name)}` : words(name)} planes=${planes} value=${null} put=${(next) => put(name, [...said, next])} /></div>`,
  };
  return html`<section class="stack tight" aria-label="Options of the profile">
    ${fields.map((each) => html`<div key=${each.name} title=${each.schema.description ?? ""}>${field[each.kind](each, component.options?.[each.name])}
      ${refused?.name === each.name && html`<p class="fault" role="alert">${refused.text}</p>`}
      ${faults.filter(({ path }) => path.includes(`.options.${each.name}`)).map((fault) => html`<p class="fault" role="alert">${sentence(fault)}</p>`)}</div>`)}
    ${needsImages && html`<div class="row"><${Choosing}>Add files to choose from</${Choosing}></div>`}</section>`;
}

const WORDS = { radii: "Radii of the nodes", gaussians: "How many Gaussians", nodes: "Nodes along x, y", size: "Pixels along x, y", images: "Images", image: "Image", eigen: "Eigen-images",
  zernike: "Highest Zernike term", radius: "Radius of the disc", bend: "Length at which it bends" };
const words = (name) => WORDS[name] ?? name.replaceAll("_", " ");

function NumbersField({ label, value, usual, put }) {
  const stands = value === undefined ? "" : value.join(", ");
  const [typed, setTyped] = useState({ over: stands, text: stands });
  const text = typed.over === stands ? typed.text : stands;
  const bad = text.trim() !== "" && numbersIn(text) === null;
  const commit = () => {
    if (text.trim() === stands || bad) return;
    put(text.trim() === "" ? undefined : numbersIn(text));
  };
  return html`<label class="field">${label}<input value=${text} placeholder=${usual} spellcheck="false" aria-invalid=${bad} data-typed=${text === stands ? undefined : bad ? "unread" : "new"}
      onInput=${(event) => setTyped({ over: stands, text: event.target.value })} onChange=${commit} /></label>
    ${bad && html`<p class="fault" role="alert">“${text.trim()}” is no list of numbers: write it as ${usual || "0, 2, 5"}.</p>`}`;
}

function PlaneChoice({ label, planes, value, put }) {
  const key = value ? keyOfPlane(value) : "";
  const known = planes.some((plane) => plane.key === key);
  return html`<label class="field">${label}<select value=${key} onChange=${(event) => event.target.value && put(asReference(event.target.value))}>
    <option value="">choose…</option>${key && !known && html`<option value=${key} selected>${planes.find((plane) => plane.upload === key.split(" ")[0])?.words ?? key}</option>`}
    ${planes.map((plane) => html`<option key=${plane.key} value=${plane.key} selected=${plane.key === key}>${plane.words}</option>`)}</select></label>`;
}
