/** Planes: what a file holds, which HDU is what, and on to its sources. */

import { startDraft } from "../draft.js";
import { html, useEffect, useState } from "../html.js";
import { bitsOf, cubesOf, imagesOf, psfModelsOf, sizeOf } from "../model/files.js";
import { general } from "../model/rounding.js";
import { FIRST_CHOICES, isIncomplete, searchBody } from "../model/search.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { SearchOptions } from "../parts/search-options.js";
import { Thumbnail } from "../parts/thumbnail.js";
import { go } from "../router.js";
import { getJson, pixelsOf, postJson } from "../service.js";

const ROLES = { data: "the image", variance: "its variance", sigma: "its σ", weight: "its weights", mask: "the mask", psf: "the PSF" };
const NOISE = ["variance", "sigma", "weight"];

export function Planes({ route: [id] }) {
  const { value, error, again } = useAnswer(async () => {
    const [file, found] = await Promise.all([getJson(`/v1/uploads/${id}`), getJson(`/v1/uploads/${id}/planes`)]);
    return { file, found };
  }, [id]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!value) return html`<${Waiting} what="Looking at the file" />`;
  return html`<${Assigning} ...${value} />`;
}

function Assigning({ file, found }) {
  const [roles, setRoles] = useState(found.planes);
  const [bits, setBits] = useState("");
  const [choices, setChoices] = useState(FIRST_CHOICES);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  useEffect(() => setRoles(found.planes), [found]);
  const images = imagesOf(file).filter((hdu) => !hdu.psf_model);
  const roleOf = (hdu) => Object.keys(roles).find((role) => roles[role] === hdu.index) ?? "";
  const assign = (hdu, role) => {
    const kept = Object.entries(roles).filter(([other, index]) =>
      index !== hdu.index && other !== role && !(NOISE.includes(role) && NOISE.includes(other)));
    setRoles(Object.fromEntries(role ? [...kept, [role, hdu.index]] : kept));
  };
  const propose = async () => {
    setBusy(true);
    setError(null);
    const { data, ...planes } = roles;
    const wanted = bitsOf(bits);
    if (planes.mask !== undefined && wanted) planes.mask = { hdu: planes.mask, bits: wanted };
    try {
      const title = file.filename.replace(/\.(fits?|npy|fz|gz)+$/gi, "");
      const proposal = await postJson(`/v1/uploads/${file.id}/propose`, { hdu: data, title, ...planes, ...searchBody(choices) });
      startDraft({ request: proposal.request, title, proposal });
      go("model");
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const faults = error?.faults ?? [];
  const faultOf = (hdu) => faults.find(({ path }) => path === `$.${roleOf(hdu)}` || path.startsWith(`$.${roleOf(hdu)}.`));
  return html`<div class="narrow stack">
    <div class="heading"><h1>${file.filename}</h1><span class="badge">${file.description.format}</span>
      <span class="quiet small">${(file.size / 2 ** 20).toFixed(2)} MiB</span>
      <div class="actions"><button class="primary large" disabled=${busy || roles.data === undefined || isIncomplete(choices)} onClick=${propose}>
        ${busy ? "Looking for sources…" : "Find the sources"}</button></div></div>
    ${roles.data === undefined && html`<p class="note warn">Say which plane is the image.</p>`}
    ${found.warnings.map((warning) => html`<p class="note warn">${warning}</p>`)}
    ${error && html`<${Failure} error=${error} />`}
    <${SearchOptions} choices=${choices} setChoices=${setChoices} upload=${file.id} hdu=${images.find(({ index }) => index === roles.data)}
      faults=${faults.filter(({ path }) => /^\$\.(target|model|neighbours|limit)\b/.test(path))} />
    <ul class="stack">${images.map((hdu) => html`
      <li class="card plane" key=${hdu.index}>
        <${Thumbnail} square label=${`HDU ${hdu.index}`} address=${pixelsOf({ upload: file.id, hdu: hdu.index })} shape=${hdu.shape} />
        <div class="stack tight"><h2>${hdu.name || `HDU ${hdu.index}`}</h2>
          <span class="quiet small numbers">HDU ${hdu.index} · ${sizeOf(hdu)} pixels · ${hdu.dtype}
            ${hdu.unit ? ` · ${hdu.unit}` : ""}</span>
          <span class="quiet small numbers">${hdu.n_finite ? `from ${general(hdu.minimum)} to ${general(hdu.maximum)}` : ""}${blank(hdu)}
            ${hdu.pixel_scale ? ` · ${general(hdu.pixel_scale)}″ a pixel` : ""}${hdu.zero_point ? html` · <span title=${hdu.flux_scale}>zero point ${general(hdu.zero_point)}</span>` : ""}${hdu.saturation ? ` · saturated from ${general(hdu.saturation)}` : ""}</span>
          ${hdu.noise_reason && html`<span class="quiet small numbers">noise by the header: ${hdu.noise_reason}</span>`}
          ${hdu.role && html`<span class="quiet small">Its header says: ${ROLES[hdu.role] ?? "a noise, and not which"} (${hdu.role_reason})</span>`}
          ${(hdu.warnings ?? []).map((warning) => html`<span class="small">${warning}</span>`)}
          ${roleOf(hdu) === "mask" && html`<label class="field">Bits that mask a pixel<input value=${bits} placeholder="as its observatory has it; or SAT, CR, 3; or any"
            onInput=${(event) => setBits(event.target.value)} /></label>`}
          ${faultOf(hdu) && html`<span class="fault">${faultOf(hdu).message}</span>`}</div>
        <label class="field">This is<select value=${roleOf(hdu)} onChange=${(event) => assign(hdu, event.target.value)}>
          ${[["", "not used"], ...Object.entries(ROLES)].map(([role, words]) =>
            html`<option key=${role} value=${role} selected=${role === roleOf(hdu)}>${words}</option>`)}</select></label>
      </li>`)}
      ${cubesOf(file).map((hdu) => html`
      <li class="card plane" key=${hdu.index}>
        <div class="stack tight"><h2>${hdu.name || `HDU ${hdu.index}`}</h2>
          ${hdu.warnings.map((warning) => html`<span class="quiet small">${warning}</span>`)}</div></li>`)}
      ${psfModelsOf(file).map((hdu) => html`
      <li class="card plane" key=${hdu.index}>
        <div class="stack tight"><h2>${hdu.name || `HDU ${hdu.index}`}</h2>
          <span class="quiet small">HDU ${hdu.index} · ${hdu.role_reason}</span>
          ${faultOf(hdu) && html`<span class="fault">${faultOf(hdu).message}</span>`}</div>
        <label class="field">This is<select value=${roleOf(hdu)} onChange=${(event) => assign(hdu, event.target.value)}>
          ${[["", "not used"], ["psf", ROLES.psf]].map(([role, words]) =>
            html`<option key=${role} value=${role} selected=${role === roleOf(hdu)}>${words}</option>`)}</select></label>
      </li>`)}</ul>
  </div>`;
}

function blank(hdu) {
  if (hdu.n_finite === null) return "";
  const missing = hdu.shape.reduce((product, side) => product * side, 1) - hdu.n_finite;
  return missing ? ` · ${missing} pixels without a value` : "";
}
