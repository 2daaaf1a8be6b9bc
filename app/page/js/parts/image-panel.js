/** What belongs to an image: its other planes, scale, noise, point-spread function and window; and how the whole is fitted. */

import { changeRequest } from "../draft.js";
import { html, useState } from "../html.js";
import { faultsAt, sentence } from "../model/faults.js";
import { bitsOf } from "../model/files.js";
import { firstNoise, firstPsf, likelihoodOf, noiseOf, NOISES, PLANES, psfOf, psfOptions, psfReference, PSFS, withMember, withNoise } from "../model/panel.js";
import { reference } from "../model/requests.js";
import { getJson } from "../service.js";
import { useAnswer } from "./asking.js";
import { Choosing } from "./dropping.js";
import { NumberField } from "./number-field.js";
import { StarPsf } from "./star-psf.js";
import { WindowFields } from "./window-picker.js";
import { Bands } from "./image-bands.js";

const MOST_FILES = 30;

const pick = (label, value, options, onPick) => html`<label class="field">${label}<select value=${value} onChange=${(event) => onPick(event.target.value)}>
  ${Object.entries(options).map(([key, words]) => html`<option key=${key} value=${key} selected=${key === value}>${words}</option>`)}</select></label>`;
const number = (label, value, onValue, placeholder = "") => html`<label class="field">${label}<${NumberField} value=${value ?? null} placeholder=${placeholder} onValue=${onValue} digits=${10} /></label>`;

/** `shape` is that of the image, [height, width]; `files` are uploads that belong to the model. */
export function ImagePanel({ request, image, files, faults, shape, header, catalogue, selected, shown, showImage }) {
  const name = image.name;
  const at = request.images.indexOf(image);
  const edit = (change) => changeRequest((before) => ({ ...before, images: before.images.map((each, index) => (index === at ? change(each) : each)) }));
  const put = (key) => (value) => edit((each) => withMember(each, key, value));
  const planes = useAnswer(() => planesToChoose(request, files), [JSON.stringify(request.images), files.join()]).value ?? [];
  const told = faultsAt(faults, `$.images[${at}]`);
  const { kind, key } = noiseOf(image);
  const psf = psfOf(image);
  const choose = (label, chosen, onPick) => pick(label, chosen ? `${chosen.upload} ${chosen.hdu ?? ""}` : "", {
    "": "choose…", ...Object.fromEntries(planes.map((plane) => [plane.key, plane.words])),
    ...(chosen && !planes.some((plane) => plane.key === `${chosen.upload} ${chosen.hdu ?? ""}`) && { [`${chosen.upload} ${chosen.hdu ?? ""}`]: planes.find((plane) => plane.upload === chosen.upload)?.words ?? chosen.upload }),
  }, (picked) => picked && onPick(asReference(picked)));
  return html`<details class="card stack image-panel"><summary><h2>Image${request.images.length > 1 ? ` ${name}` : ""}</h2> <span class="quiet small">${summary(image)}</span></summary>
    ${told.map((fault) => html`<p class="fault" role="alert">${fault.path.split(".").pop()}: ${sentence(fault)}</p>`)}
    <div class="options">${number("Zero point, mag", image.zero_point, put("zero_point"), header?.zero_point ? `${Number(header.zero_point.toFixed(4))}, of the header` : "none")}
      ${number("Pixel scale, ″", image.pixel_scale, put("pixel_scale"), header?.pixel_scale ? `${Number(header.pixel_scale.toPrecision(5))}, of the header` : "none")}</div>
    <${Bands} request=${request} image=${image} planes=${planes} catalogue=${catalogue} showImage=${showImage} />
    <h3>Noise</h3>
    ${pick("The variance is", kind, NOISES, (next) => next === "plane" ? setNoise(edit, planes) : edit((each) => withNoise(each, "variance", firstNoise(next))))}
    ${kind === "plane" && html`<div class="options">${choose("Image of the noise", reference(image[key]), (plane) => edit((each) => withNoise(each, key, plane)))}
      ${pick("It holds", key, PLANES, (next) => edit((each) => withNoise(each, next, each[key])))}</div>`}
    ${kind === "constant" && html`<div class="options">${number(PLANES[key], image[key].constant, (value) => value > 0 && edit((each) => withNoise(each, key, { constant: value })))}</div>`}
    ${kind === "gain" && html`<div class="options">${[["gain", "Gain, electrons a unit"], ["read_noise", "Read noise, electrons"], ["subtracted_sky", "Sky subtracted before"]].map(([each, label]) =>
      number(label, image.variance[each], (value) => edit((old) => withNoise(old, "variance", withMember(old.variance, each, value ?? (each === "gain" ? 1 : null)))), "0"))}</div>`}
    ${kind === "datum" && html`<div class="options">${[["gain", "Gain, electrons a unit"], ["sky", "Sky level"], ["scatter", "Scatter of the rest"]].map(([each, label]) =>
      number(label, image.variance.datum[each], (value) => edit((old) => withNoise(old, "variance", { datum: withMember(old.variance.datum, each, value ?? (each === "gain" ? 1 : null)) })), "0"))}</div>`}
    <h3>Point-spread function</h3>
    ${pick("The PSF is", psf, PSFS, (next) => next === "plane" ? setPsf(edit, planes) : next !== "grid" && edit((each) => withMember(each, "psf", firstPsf(next))))}
    ${psf === "plane" && html`${choose("Image of the PSF", psfReference(image.psf), (plane) => edit((each) => ({ ...each, psf: { ...plane, ...psfOptions(each.psf) } })))}
      <div class="options">${number("Its pixels to one of the image", psfOptions(image.psf).oversampling, (value) => edit((each) => ({ ...each, psf: asPsf(each.psf, "oversampling", value === null ? null : Math.round(value)) })), "1, or of the header")}
        <label class="choice"><input type="checkbox" checked=${psfOptions(image.psf).recentre ?? false} onChange=${(event) => edit((each) => ({ ...each, psf: asPsf(each.psf, "recentre", event.target.checked || null) }))} />Recentre it</label></div>`}
    ${["gaussian", "moffat"].includes(psf) && html`<div class="options">${Object.keys(image.psf[psf]).map((each) => number(each === "fwhm" ? "FWHM, pixels" : "β", image.psf[psf][each],
      (value) => value > 0 && edit((old) => ({ ...old, psf: { ...old.psf, [psf]: { ...old.psf[psf], [each]: value } } }))))}</div>`}
    ${psf !== "none" && psf !== "grid" && pick("It is", (typeof image.psf === "object" && image.psf.convention) || "", { "": "a kernel, or as its file has it", discrete: "a kernel for pixel values (GALFIT, imfit)", effective: "the pixels' response already (an ePSF)" },
      (next) => edit((each) => ({ ...each, psf: psf === "plane" ? asPsf(each.psf, "convention", next || null) : withMember(each.psf, "convention", next) })))}
    <${StarPsf} request=${request} image=${image} profiles=${catalogue.profiles} selected=${selected} shown=${shown} put=${(next) => edit((each) => ({ ...each, psf: next }))} />
    <h3>Mask</h3>
    ${choose("Mask", reference(image.mask), (plane) => edit((each) => ({ ...each, mask: plane })))}
    ${image.mask && html`<div class="options"><label class="field">Bits that mask a pixel<input value=${bitsText(image.mask)} data-over=${bitsText(image.mask)} placeholder="as its observatory has it; or SAT, 3; or any"
        onChange=${(event) => edit((each) => ({ ...each, mask: withMember(reference(each.mask), "bits", bitsOf(event.target.value)) }))} /></label>
      <button onClick=${() => edit((each) => withMember(each, "mask", null))}>No mask</button></div>`}
    <h3>Window</h3>
    <p class="quiet small">What is fitted; draw it on the image by “Draw the window”, or type it. Pixels count from 0.</p>
    ${shape && html`<${WindowFields} window=${image.window ?? null} setWindow=${put("window")} shape=${shape} />`}
    <div class="row"><${Choosing}>Add files to choose from</${Choosing}></div></details>`;
}

/** What holds of the whole fit: likelihood, frame, seed, device. */
export function FitPanel({ request, faults }) {
  const put = (key) => (value) => changeRequest((before) => withMember(before, key, value));
  const { name, degrees } = likelihoodOf(request.noise);
  const told = faults.filter(({ path }) => /^\$\.(noise|frame|seed|device)\b/.test(path));
  return html`<details class="card stack"><summary><h2>How it is fitted</h2> <span class="quiet small">${name.replace("_", " ")} noise, seed ${request.seed ?? 0}, ${request.device ?? "auto"}</span></summary>
    ${told.map((fault) => html`<p class="fault" role="alert">${sentence(fault)}</p>`)}
    <div class="options">${pick("Noise", name, { gaussian: "Gaussian (χ²)", poisson: "Poisson (Cash C)", student_t: "Student t (robust)" }, put("noise"))}
      ${name === "student_t" && number("Degrees of freedom", degrees, (value) => put("noise")(value > 0 ? { student_t: { degrees_of_freedom: value } } : "student_t"), "5")}
      ${pick("Frame", request.frame ?? "", { "": "pixels of one image, sky of several", pixel: "pixels", sky: "the sky" }, put("frame"))}
      ${number("Seed", request.seed ?? null, (value) => put("seed")(value === null ? null : Math.max(0, Math.round(value))), "0")}
      ${pick("Device", request.device ?? "auto", { auto: "whichever suits", cpu: "CPU", gpu: "GPU" }, put("device"))}</div></details>`;
}

/** Constraints: limits of an expression of parameters. */
export function Constraints({ request, faults }) {
  const constraints = request.constraints ?? [];
  const put = (next) => changeRequest((before) => ({ ...before, constraints: next }));
  const set = (at, key, value) => put(constraints.map((each, index) => (index === at ? (key === "expression" ? { ...each, expression: value } : withMember(each, key, value)) : each)));
  const [writing, setWriting] = useState("");
  const add = () => {
    const expression = writing.replace(/^\s*=/, "").trim();
    if (!expression) return;
    put([...constraints, { expression, min: 0 }]);
    setWriting("");
  };
  const prior = (each) => Object.keys(each).find((key) => !["expression", "min", "max"].includes(key));
  return html`<details class="card stack" open=${constraints.length > 0 && faults.some(({ path }) => path.startsWith("$.constraints"))}><summary><h2>Constraints</h2> <span class="quiet small">${constraints.length || "none"}</span></summary>
    ${constraints.map((each, at) => html`<div class="stack tight" key=${at}><label class="field">Expression<input value=${each.expression} data-over=${each.expression} spellcheck="false" aria-invalid=${faultsAt(faults, `$.constraints[${at}]`).length > 0}
        onChange=${(event) => set(at, "expression", event.target.value.replace(/^\s*=/, "").trim())} /></label>
      <div class="row">${number("At least", each.min, (value) => set(at, "min", value), "none")}${number("At most", each.max, (value) => set(at, "max", value), "none")}
        <button onClick=${() => put(constraints.filter((_, index) => index !== at))}>Remove</button></div>
      ${prior(each) && html`<span class="small quiet">with a prior: <code>${prior(each)} ${JSON.stringify(each[prior(each)])}</code></span>`}
      ${faultsAt(faults, `$.constraints[${at}]`).map((fault) => html`<p class="fault" role="alert">${sentence(fault)}</p>`)}</div>`)}
    <div class="row"><label class="field">Another, of parameters<input value=${writing} spellcheck="false" placeholder="g1.x - g2.x" onInput=${(event) => setWriting(event.target.value)} /></label>
      <button disabled=${!writing.trim()} onClick=${add}>Add it, at least 0</button></div></details>`;
}

function summary(image) {
  const parts = [NOISES[noiseOf(image).kind] && `noise ${noiseOf(image).kind === "none" ? "estimated" : noiseOf(image).kind === "plane" ? `by its ${PLANES[noiseOf(image).key]}` : noiseOf(image).kind}`,
    `PSF ${psfOf(image) === "plane" ? "an image" : psfOf(image)}`, image.mask ? "masked" : "no mask", image.window ? "a window" : "", image.zero_point !== undefined && image.zero_point !== null ? `zero point ${Number(image.zero_point.toPrecision(6))}` : ""];
  return parts.filter(Boolean).join(", ");
}

const bitsText = (mask) => { const bits = reference(mask)?.bits; return bits === undefined || bits === null ? "" : Array.isArray(bits) ? bits.join(", ") : String(bits); };
export const asReference = (key) => { const [upload, hdu] = key.split(" "); return { upload, ...(hdu !== "" && { hdu: /^\d+$/.test(hdu) ? Number(hdu) : hdu }) }; };

function asPsf(psf, key, value) {
  if (psf && typeof psf === "object" && "image" in psf) return withMember(psf, key, value);
  return withMember({ ...reference(psf), ...psfOptions(psf) }, key, value);
}

const firstPlane = (planes, words) => planes.find((plane) => words.test(plane.words)) ?? planes.at(-1);
const setNoise = (edit, planes) => { const plane = firstPlane(planes, /sig|rms|err|var|w(eigh|h)t/i); if (plane) edit((each) => withNoise(each, /sig|rms|err/i.test(plane.words) ? "sigma" : "variance", asReference(plane.key))); };
const setPsf = (edit, planes) => { const plane = firstPlane(planes, /psf|kernel/i); if (plane) edit((each) => ({ ...each, psf: asReference(plane.key) })); };

/** Planes of the files that the model names, of those added to it, and of the latest. */
export async function planesToChoose(request, files) {
  const named = request.images.flatMap((image) => [image.data, image.variance, image.sigma, image.weight, image.mask].map(reference).concat(psfReference(image.psf))).filter(Boolean).map(({ upload }) => upload);
  const latest = (await getJson(`/v1/uploads?limit=${MOST_FILES}`)).uploads;
  const known = new Map(latest.map((file) => [file.id, file]));
  const wanted = [...new Set([...named, ...files])];
  await Promise.all(wanted.filter((id) => !known.has(id)).map(async (id) => {
    const file = await getJson(`/v1/uploads/${id}`).catch(() => null);
    if (file) known.set(id, file);
  }));
  const ordered = [...wanted.map((id) => known.get(id)).filter(Boolean), ...latest.filter(({ id }) => !wanted.includes(id))];
  return ordered.flatMap((file) => file.description.hdus.filter((hdu) => hdu.is_image || hdu.psf_model).map((hdu) => ({
    upload: file.id, key: `${file.id} ${hdu.index}`, words: `${file.filename}${file.description.hdus.length > 1 ? `, HDU ${hdu.index}${hdu.name ? ` ${hdu.name}` : ""}` : ""} (${(hdu.shape ?? []).slice(-2).reverse().join(" × ") || "a model"})`,
  })));
}
