/** Planes: what files hold, which plane is what, and on to the sources, to a model file, or to a model by hand. */

import { startDraft } from "../draft.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { assigned, filledIn, imagesOf, keyOf, planesOf, recognised, ROLES, withoutSearch } from "../model/assigning.js";
import { allMasked, kindOfText, sourcesIn } from "../model/dropped-texts.js";
import { bandNames, overBands } from "../model/bands.js";
import { bitsOf, cubesOf, sizeOf } from "../model/files.js";
import { general } from "../model/rounding.js";
import { FIRST_CHOICES, isIncomplete, searchBody } from "../model/search.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { Choosing, Sending, texts as droppedTexts } from "../parts/dropping.js";
import { SearchOptions } from "../parts/search-options.js";
import { SearchProgress } from "../parts/search-progress.js";
import { Thumbnail } from "../parts/thumbnail.js";
import { go } from "../router.js";
import { beginSearch, forgetBegun, foundBy, isOpen, keepBegun, searchAgain, stopSearch } from "../searching.js";
import { getJson, loadCatalogue, pixelsOf, postJson, skyOf } from "../service.js";
import { useStore } from "../store.js";

export function Planes({ route }) {
  const ids = route.filter((id) => id !== "texts");
  // What somebody said of a plane stays when files are added.
  const chosen = useRef([]);
  const { value, error, again } = useAnswer(async () => {
    const files = await Promise.all(ids.map(async (id) => {
      const address = `/v1/uploads/${encodeURIComponent(id)}`;
      const [file, found] = await Promise.all([getJson(address), getJson(`${address}/planes`)]);
      return { file, found };
    }));
    // Where the first image of each file lies on the sky tells whether several are of one field.
    const firsts = files.length > 1 ? planesOf(files).filter(({ upload, hdu, model }) => !model && files.find(({ file }) => file.id === upload).found.planes.data === hdu) : [];
    const skies = await Promise.all(firsts.map(async (plane) => [keyOf(plane), await getJson(skyOf({ upload: plane.upload, hdu: plane.hdu })).catch(() => null)]));
    return { files, skies: Object.fromEntries(skies) };
  }, [ids.join("/")]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!value) return html`<${Waiting} what="Looking at the files" />`;
  return html`<${Assigning} key=${value.files.map(({ file }) => file.id).join()} ...${value} chosen=${chosen} />`;
}

const titleOf = (name) => name.replace(/\.(fits?|npy|npz|fz|gz|bz2|xz|tiff?|png|asdf)+$/gi, "");

function Assigning({ files, skies, chosen }) {
  const [roles, setRoles] = useState(() => chosen.current.reduce((before, change) => change(before), recognised(files, skies)));
  const assign = (...said) => {
    chosen.current.push((before) => assigned(before, ...said));
    setRoles(assigned(roles, ...said));
  };
  const [searchedKey, setSearchedKey] = useState(null);
  const [bits, setBits] = useState("");
  const [choices, setChoices] = useState(FIRST_CHOICES);
  const [searching, setSearching] = useState(null);
  const [error, setError] = useState(null);
  const texts = useStore(droppedTexts);
  const tables = Object.entries(texts).filter(([, text]) => kindOfText(text) === "table").map(([name, text]) => ({ name, ...sourcesIn(text) }));
  const table = tables.at(-1);
  const [ended, setEnded] = useState(null);
  // The search itself goes on where its view is gone; nobody waits for it here any more.
  const watching = useRef(new AbortController());
  useEffect(() => () => watching.current.abort(), []);
  const planes = planesOf(files);
  const roleOf = (plane) => roles[keyOf(plane)]?.role ?? "";
  const images = imagesOf(roles).map((each) => ({ ...each, plane: planes.find((plane) => keyOf(plane) === each.key), sky: skies[each.key] ?? null }));
  const names = images.length > 1 ? bandNames(images.map(({ plane }) => (images.every((one) => one.plane.upload === plane.upload) ? plane.description.name || `hdu${plane.hdu}` : plane.file.filename))) : [];
  // Of several images that in the middle of the list is searched unless another is chosen.
  const searched = images.find(({ key }) => key === searchedKey) ?? images[Math.floor(images.length / 2)];
  const image = searched?.plane;
  const title = images.length > 1 ? names.join(", ") : image ? titleOf(image.file.filename) : "";
  const planesOfImage = ({ planes: others }) => {
    const named = bitsOf(bits);
    return others.mask && named ? { ...others, mask: { ...others.mask, bits: named } } : others;
  };
  const ids = files.map(({ file }) => file.id);
  const begin = async (request, more = {}) => {
    if (images.length < 2) return startDraft({ request, title, files: ids, ...more });
    const { profiles } = await loadCatalogue();
    const all = images.map((each, at) => ({ name: names[at], data: each.data, planes: planesOfImage(each), sky: each.sky, shape: each.plane.description.shape.slice(-2) }));
    return startDraft({ request: overBands(request, all, images.indexOf(searched), profiles), title, files: ids, ...more });
  };
  const beginNow = useRef(begin);
  beginNow.current = begin;
  /** Follow a search to its end, and begin a model of what it finds by `made`. */
  const follow = async (search, made) => {
    try {
      const proposal = await foundBy(search, (now, lost) => setSearching((before) => ({ ...before, search: now, lost })), watching.current.signal);
      if (watching.current.signal.aborted) return;
      forgetBegun();
      if (proposal) {
        await made(proposal.request, { proposal });
        return void go("model");
      }
    } catch (failure) {
      forgetBegun();
      setError(failure);
    }
    setSearching(null);
  };
  const resume = async () => {
    const found = await searchAgain(files.map(({ file }) => file.id)).catch(() => null);
    if (!found || watching.current.signal.aborted) return;
    if (found.begun) {
      chosen.current.push((before) => ({ ...before, ...found.begun.roles }));
      setRoles((before) => ({ ...before, ...found.begun.roles }));
      setSearchedKey(found.begun.searchedKey);
      setBits(found.begun.bits);
      setChoices(found.begun.choices);
    }
    const made = (...given) => beginNow.current(...given);
    if (!isOpen(found.search)) return void setEnded({ search: found.search, made });
    setSearching({ search: found.search });
    follow(found.search, made);
  };
  useEffect(() => void resume(), []);
  const goOn = () => {
    setEnded(null);
    setSearching({ search: ended.search });
    follow(ended.search, ended.made);
  };
  const stop = async () => {
    setSearching((before) => ({ ...before, stopping: true }));
    await stopSearch(searching.search).catch((failure) => {
      setError(failure);
      setSearching((before) => before && { ...before, stopping: false });
    });
  };
  const propose = async () => {
    setSearching({ search: null });
    setEnded(null);
    setError(null);
    try {
      const body = { hdu: searched.data.hdu, title, ...planesOfImage(searched), ...searchBody(choices), ...(table && { catalogue: table.rows }) };
      // Only one of them can say where the sources are.
      if (table) delete body.segmentation;
      const search = await beginSearch(searched.data.upload, body);
      keepBegun({ id: search.id, files: ids.join("/"), roles, searchedKey: searched.key, bits, choices });
      await follow(search, begin);
    } catch (failure) {
      setError(failure);
      setSearching(null);
    }
  };
  const open = async () => {
    await begin(withoutSearch({ data: searched.data, ...planesOfImage(searched) }, { title, window: choices.window }));
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
        <button class="primary large" disabled=${searching !== null || !image || isIncomplete(choices)} onClick=${propose}>${table ? "Measure the sources" : "Find the sources"}</button></div></div>
    ${searching && html`<${SearchProgress} ...${searching} onStop=${stop} />`}
    ${ended && html`<div class="card row split" role="status"><span>The search that you began here has ended${ended.search.state === "succeeded" ? ", and found its sources" : ""}.</span>
      <button onClick=${goOn}>${ended.search.state === "succeeded" ? "Go on with what it found" : "See how"}</button></div>`}
    <${Sending} />
    ${!image && planes.length > 0 && html`<p class="note warn">Say which plane is the image.</p>`}
    ${!files.length && html`<p class="note warn">Drop or add the image that the model is of.</p>`}
    ${files.flatMap(({ file, found }) => found.warnings.map((warning) => html`<p class="note warn">${files.length > 1 && html`<strong>${file.filename}</strong>: `}${warning}</p>`))}
    ${error && html`<${Failure} error=${error} />`}
    ${error && /longer than/.test(error.message + faults.map(({ message }) => message).join(" ")) && html`<p class="note">Draw a box around what is to be fitted (“a part of the image”), set “Sources at most”, or
      <button class="bare" onClick=${open}>open the image without looking for sources</button>.</p>`}
    ${Object.entries(texts).filter(([, text]) => ["galfit", "imfit", "regions"].includes(kindOfText(text))).map(([name, text]) => html`<${ModelFile} key=${name} name=${name} text=${text} texts=${texts} files=${files} planes=${searched ? { data: searched.data, ...planesOfImage(searched) } : {}} />`)}
    ${table && html`<section class="card stack" aria-label=${`Table ${table.name}`}><div class="row split"><h2>${table.name}</h2>
        <button class="bare" onClick=${() => droppedTexts.set(({ [table.name]: _, ...rest }) => rest)}>Leave it out</button></div>
      <p class="quiet small">${table.rows.length} sources, which are measured, and no others looked for: ${table.columns.join("; ")}.${table.left ? ` ${table.left} rows say no place, and are left out.` : ""}</p></section>`}
    ${images.length > 1 && html`<section class="card stack" aria-label="Several images"><p>${images.length} images of one field, fitted together: <strong>${names.join(", ")}</strong>. Position and shape are shared, each has its own sky and brightness;
        what else differs is chosen beside each number of the model. Whatever does not belong to it is set to “not used” below.</p>
      <label class="field">Sources are looked for in<select value=${searched.key} onChange=${(event) => setSearchedKey(event.target.value)}>
        ${images.map(({ key }, at) => html`<option key=${key} value=${key} selected=${key === searched.key}>${names[at]}</option>`)}</select></label></section>`}
    ${image && html`<${SearchOptions} choices=${choices} setChoices=${setChoices} upload=${image.upload} hdu=${image.description}
      faults=${faults.filter(({ path }) => /^\$\.(target|model|neighbours|limit|window)\b/.test(path))} />`}
    <ul class="stack">${planes.map((plane) => html`<${PlaneCard} key=${keyOf(plane)} plane=${plane} role=${roleOf(plane)} said=${roles[keyOf(plane)]} images=${images.map(({ key }, at) => [key, names[at]])} many=${files.length > 1}
        fault=${faultOf(plane)} bits=${bits} setBits=${setBits} assign=${(role, of) => assign(plane, role, of)} />`)}
      ${files.flatMap(({ file }) => cubesOf(file)).map((hdu) => html`<li class="card plane" key=${`cube ${hdu.index}`}>
        <div class="stack tight"><h2>${hdu.name || `HDU ${hdu.index}`}</h2>${hdu.warnings.map((warning) => html`<span class="quiet small">${warning}</span>`)}</div></li>`)}</ul>
  </div>`;
}

/** A plane: its picture, what is known of it, what it was taken for and why. */
function PlaneCard({ plane: { upload, file, description: hdu, model }, role, said, images, many, fault, bits, setBits, assign }) {
  const { why, of } = said ?? {};
  const owner = of === undefined ? images[0]?.[0] ?? null : of;
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
    <div class="stack tight"><label class="field">This is<select data-role value=${role} onChange=${(event) => assign(event.target.value, owner)}>
      ${choices.map(([each, words]) => html`<option key=${each} value=${each} selected=${each === role}>${words}</option>`)}</select></label>
      ${images.length > 1 && role && role !== "data" && html`<label class="field">of<select value=${of ?? ""} onChange=${(event) => assign(role, event.target.value || null)}>
        ${[["", "every image"], ...images].map(([each, words]) => html`<option key=${each} value=${each} selected=${each === (of ?? "")}>${words}</option>`)}</select></label>`}</div></li>`;
}

/** A model of GALFIT or imfit, which the service makes a request of, and says of each line what it was taken as. */
function ModelFile({ name, text, texts, files, planes }) {
  const [command, setCommand] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const kind = kindOfText(text);
  const isImfit = kind === "imfit";
  const [masked, setMasked] = useState(false);
  const open = async () => {
    setBusy(true);
    setError(null);
    try {
      const named = Object.fromEntries(files.map(({ file }) => [file.filename, file.id]));
      const { [name]: _, ...others } = texts;
      const { format, request, rows } = await postJson("/v1/import", {
        text: masked ? allMasked(text) : text, name, ...(command && { command }), texts: others, files: named,
        ...(kind === "regions" && { image: files.find(({ file }) => file.id === planes.data.upload).file.filename }),
      });
      const { request: filled, added } = filledIn(request, planes, new Set(files.map(({ file }) => file.id)));
      const nameOf = (plane) => files.find(({ file }) => file.id === plane.upload)?.file.filename ?? plane.upload;
      const given = added.map(({ role, plane }) => ({ file: name, line: 0, text: "", taken: `${nameOf(plane)} is ${ROLES[role]}, as it was dropped with it: the model file names none that is here`, why_not: null }));
      startDraft({ request: filled, title: name, imported: { format, rows: [...given, ...rows] }, files: files.map(({ file }) => file.id) });
      go("model");
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const forget = () => droppedTexts.set(({ [name]: _, ...rest }) => rest);
  return html`<section class="card stack" aria-label=${`Model file ${name}`}><div class="row split"><h2>${name}</h2>
      <div class="row"><button class="bare" onClick=${forget}>Leave it out</button><button class="primary" disabled=${busy || !planes.data} onClick=${open}>${busy ? "Reading it…" : kind === "regions" ? "Open with these regions" : "Open this model"}</button></div></div>
    ${kind === "regions" ? html`<p class="quiet small">Regions. Ellipses, circles and points are components to begin with, a box called window is the part to fit, and what begins with − is masked.</p>
      <label class="choice"><input type="checkbox" checked=${masked} onChange=${() => setMasked(!masked)} />Mask all of them instead</label>` : html`
    <p class="quiet small">A model of ${isImfit ? "imfit" : "GALFIT"}. Files that it names are looked for among those that were dropped with it; what it does not name is taken as it is assigned below.</p>`}
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
