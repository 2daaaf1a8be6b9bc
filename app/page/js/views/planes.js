/** Planes: what files hold, which plane is what, and on to the sources, to a model file, or to a model by hand. */

import { startDraft } from "../draft.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { assigned, byRole, filledIn, keyOf, planesOf, recognised, ROLES, withoutSearch } from "../model/assigning.js";
import { bitsOf, cubesOf, sizeOf } from "../model/files.js";
import { general } from "../model/rounding.js";
import { FIRST_CHOICES, isIncomplete, searchBody } from "../model/search.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { Choosing, Sending, texts as droppedTexts } from "../parts/dropping.js";
import { Elapsed } from "../parts/elapsed.js";
import { SearchOptions } from "../parts/search-options.js";
import { Thumbnail } from "../parts/thumbnail.js";
import { go } from "../router.js";
import { getJson, pixelsOf, postJson } from "../service.js";
import { useStore } from "../store.js";

export function Planes({ route }) {
  const ids = route.filter((id) => id !== "texts");
  const { value, error, again } = useAnswer(() => Promise.all(ids.map(async (id) => {
    const address = `/v1/uploads/${encodeURIComponent(id)}`;
    const [file, found] = await Promise.all([getJson(address), getJson(`${address}/planes`)]);
    return { file, found };
  })), [ids.join("/")]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!value) return html`<${Waiting} what="Looking at the files" />`;
  return html`<${Assigning} files=${value} />`;
}

const titleOf = (name) => name.replace(/\.(fits?|npy|npz|fz|gz|bz2|xz|tiff?|png|asdf)+$/gi, "");

function Assigning({ files }) {
  const [roles, setRoles] = useState(() => recognised(files));
  const [bits, setBits] = useState("");
  const [choices, setChoices] = useState(FIRST_CHOICES);
  const [searching, setSearching] = useState(null);
  const [error, setError] = useState(null);
  const texts = useStore(droppedTexts);
  // A search whose view is gone is wanted no more.
  const last = useRef(null);
  useEffect(() => () => last.current?.abort(), []);
  const planes = planesOf(files);
  const given = byRole(roles);
  const roleOf = (plane) => roles[keyOf(plane)]?.role ?? "";
  const image = given.data && planes.find((plane) => keyOf(plane) === keyOf(given.data));
  const title = image ? titleOf(image.file.filename) : "";
  const wanted = () => {
    const { data, ...others } = given;
    const named = bitsOf(bits);
    return others.mask && named ? { ...others, mask: { ...others.mask, bits: named } } : others;
  };
  const propose = async () => {
    const stopper = new AbortController();
    last.current = stopper;
    setSearching(stopper);
    setError(null);
    try {
      const body = { hdu: given.data.hdu, title, ...wanted(), ...searchBody(choices) };
      const proposal = await postJson(`/v1/uploads/${given.data.upload}/propose`, body, { signal: stopper.signal });
      startDraft({ request: proposal.request, title, proposal, files: files.map(({ file }) => file.id) });
      go("model");
    } catch (failure) {
      if (failure.name !== "AbortError") setError(failure);
      setSearching(null);
    }
  };
  const open = () => {
    startDraft({ request: withoutSearch({ data: given.data, ...wanted() }, { title, window: choices.window }), title, files: files.map(({ file }) => file.id) });
    go("model");
  };
  const faults = error?.faults ?? [];
  const faultOf = (plane) => faults.find(({ path }) => path === `$.${roleOf(plane)}` || path.startsWith(`$.${roleOf(plane)}.`));
  const heading = files.length === 1 ? files[0].file.filename : files.length ? `${files.length} files` : "A model file";
  return html`<div class="narrow stack">
    <div class="heading"><h1>${heading}</h1>
      ${files.length === 1 && html`<span class="badge">${files[0].file.description.format}</span><span class="quiet small">${(files[0].file.size / 2 ** 20).toFixed(2)} MiB</span>`}
      <div class="actions"><${Choosing} beside=${files.map(({ file }) => file.id)}>Add files</${Choosing}>
        <button disabled=${searching !== null || !image} onClick=${open}>Open without looking for sources</button>
        <button class="primary large" disabled=${searching !== null || !image || isIncomplete(choices)} onClick=${propose}>Find the sources</button></div></div>
    ${searching && html`<div class="card stack" role="status"><div class="row split"><span><strong>Looking for sources…</strong> <${Elapsed} /></span>
        <button class="danger" onClick=${() => searching.abort()}>Stop the search</button></div>
      <progress aria-label="Looking for sources"></progress><p class="quiet small">A search has a minute at most. Of a large image draw a box around the galaxy, or look for fewer sources.</p></div>`}
    <${Sending} />
    ${!image && planes.length > 0 && html`<p class="note warn">Say which plane is the image.</p>`}
    ${!files.length && html`<p class="note warn">Drop or add the image that the model is of.</p>`}
    ${files.flatMap(({ found }) => found.warnings).map((warning) => html`<p class="note warn">${warning}</p>`)}
    ${error && html`<${Failure} error=${error} />`}
    ${error && /longer than/.test(error.message + faults.map(({ message }) => message).join(" ")) && html`<p class="note">Draw a box around what is to be fitted (“a part of the image”), set “Sources at most”, or
      <button class="bare" onClick=${open}>open the image without looking for sources</button>.</p>`}
    ${Object.entries(texts).filter(([, text]) => isModel(text)).map(([name, text]) => html`<${ModelFile} key=${name} name=${name} text=${text} texts=${texts} files=${files} planes=${{ ...given, ...wanted() }} />`)}
    ${image && html`<${SearchOptions} choices=${choices} setChoices=${setChoices} upload=${image.upload} hdu=${image.description}
      faults=${faults.filter(({ path }) => /^\$\.(target|model|neighbours|limit|window)\b/.test(path))} />`}
    <ul class="stack">${planes.map((plane) => html`<${PlaneCard} key=${keyOf(plane)} plane=${plane} role=${roleOf(plane)} why=${roles[keyOf(plane)]?.why} many=${files.length > 1}
        fault=${faultOf(plane)} bits=${bits} setBits=${setBits} assign=${(role) => setRoles(assigned(roles, plane, role))} />`)}
      ${files.flatMap(({ file }) => cubesOf(file)).map((hdu) => html`<li class="card plane" key=${`cube ${hdu.index}`}>
        <div class="stack tight"><h2>${hdu.name || `HDU ${hdu.index}`}</h2>${hdu.warnings.map((warning) => html`<span class="quiet small">${warning}</span>`)}</div></li>`)}</ul>
  </div>`;
}

/** A plane: its picture, what is known of it, what it was taken for and why. */
function PlaneCard({ plane: { upload, file, description: hdu, model }, role, why, many, fault, bits, setBits, assign }) {
  const choices = model ? [["", "not used"], ["psf", ROLES.psf]] : [["", "not used"], ...Object.entries(ROLES)];
  const title = many ? `${file.filename}${hdu.name ? `, ${hdu.name}` : ""}` : hdu.name || `HDU ${hdu.index}`;
  return html`<li class="card plane">
    ${!model && html`<${Thumbnail} square label=${title} address=${pixelsOf({ upload, hdu: hdu.index })} shape=${hdu.shape} />`}
    <div class="stack tight"><h2>${title}</h2>
      <span class="quiet small numbers">HDU ${hdu.index}${model ? ` · ${hdu.role_reason}` : ` · ${sizeOf(hdu)} pixels · ${hdu.dtype}`}${hdu.unit ? ` · ${hdu.unit}` : ""}</span>
      ${!model && html`<span class="quiet small numbers">${hdu.n_finite ? `from ${general(hdu.minimum)} to ${general(hdu.maximum)}` : ""}${blank(hdu)}
        ${hdu.pixel_scale ? ` · ${general(hdu.pixel_scale)}″ a pixel` : ""}${hdu.zero_point ? html` · <span title=${hdu.flux_scale}>zero point ${general(hdu.zero_point)}</span>` : ""}${hdu.saturation ? ` · saturated from ${general(hdu.saturation)}` : ""}</span>`}
      ${hdu.noise_reason && html`<span class="quiet small numbers">noise by the header: ${hdu.noise_reason}</span>`}
      ${!model && hdu.role && html`<span class="quiet small">Its header says: ${ROLES[hdu.role] ?? "a noise, and not which"} (${hdu.role_reason})</span>`}
      ${role && why && html`<span class="quiet small">Taken for ${ROLES[role]}: ${why}</span>`}
      ${(hdu.warnings ?? []).map((warning) => html`<span class="small">${warning}</span>`)}
      ${role === "mask" && html`<label class="field">Bits that mask a pixel<input value=${bits} placeholder="as its observatory has it; or SAT, CR, 3; or any"
        onInput=${(event) => setBits(event.target.value)} /></label>`}
      ${fault && html`<span class="fault">${fault.message}</span>`}</div>
    <label class="field">This is<select value=${role} onChange=${(event) => assign(event.target.value)}>
      ${choices.map(([each, words]) => html`<option key=${each} value=${each} selected=${each === role}>${words}</option>`)}</select></label></li>`;
}

const isModel = (text) => /^\s*A\)/m.test(text) || /^\s*FUNCTION\s/m.test(text);

/** A model of GALFIT or imfit, which the service makes a request of, and says of each line what it was taken as. */
function ModelFile({ name, text, texts, files, planes }) {
  const [command, setCommand] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const isImfit = /^\s*FUNCTION\s/m.test(text);
  const open = async () => {
    setBusy(true);
    setError(null);
    try {
      const named = Object.fromEntries(files.map(({ file }) => [file.filename, file.id]));
      const { [name]: _, ...others } = texts;
      const { format, request, rows } = await postJson("/v1/import", { text, name, ...(command && { command }), texts: others, files: named });
      const filled = filledIn(request, planes, new Set(files.map(({ file }) => file.id)));
      startDraft({ request: filled, title: name, imported: { format, rows }, files: files.map(({ file }) => file.id) });
      go("model");
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const forget = () => droppedTexts.set(({ [name]: _, ...rest }) => rest);
  return html`<section class="card stack" aria-label=${`Model file ${name}`}><div class="row split"><h2>${name}</h2>
      <div class="row"><button class="bare" onClick=${forget}>Leave it out</button><button class="primary" disabled=${busy || !planes.data} onClick=${open}>${busy ? "Reading it…" : "Open this model"}</button></div></div>
    <p class="quiet small">A model of ${isImfit ? "imfit" : "GALFIT"}. Files that it names are looked for among those that were dropped with it; what it does not name is taken as it is assigned below.</p>
    ${isImfit && html`<label class="field">imfit's command line, if there was one<input value=${command} spellcheck="false" placeholder="imfit image.fits -c model.dat --mask mask.fits --psf psf.fits --gain 4.7"
      onInput=${(event) => setCommand(event.target.value)} /></label>`}
    ${error && html`<${Failure} error=${error} />`}
    ${error?.faults?.map((fault) => html`<p class="fault">${fault.message}${fault.expected ? ` (expected ${fault.expected})` : ""}</p>`)}</section>`;
}

function blank(hdu) {
  if (hdu.n_finite === null) return "";
  const missing = hdu.shape.reduce((product, side) => product * side, 1) - hdu.n_finite;
  return missing ? ` · ${missing} pixels without a value` : "";
}
