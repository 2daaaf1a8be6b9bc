/** Fields of a parameter that differs between images: a number for each, or the coefficients of a polynomial. */

import { changeRequest } from "../draft.js";
import { html } from "../html.js";
import { withMember } from "../model/panel.js";
import { readParameter, standing } from "../model/parameters.js";
import { general } from "../model/rounding.js";
import { MOST_ORDERS, placesOf, withOrders, withPart } from "../model/varying.js";
import { NumberField } from "./number-field.js";

/** `valueOf` tells its value in an image; `put` gets a function of what is written of it. */
export function VaryingFields({ parameter, whole, names, valueOf, request, invalid, put }) {
  const change = (key, apply, goesOn) => put((before) => ({ ...before, whole: withPart(before.whole, key, apply) }), goesOn);
  if (whole.by_image) {
    return html`<div class="varying">${names.map((name) => html`<${Part} key=${name} label=${`${parameter.name} in ${name}`} words=${name} written=${whole.by_image[name]} invalid=${invalid}
      change=${(apply, goesOn) => change(name, apply, goesOn)} />`)}</div>`;
  }
  const places = placesOf(request, names);
  return html`<div class="varying">${whole.polynomial.map((written, order) => html`<${Part} key=${order} label=${`${parameter.name}, coefficient ${order}`} words=${`c${order}`} written=${written} invalid=${invalid}
      change=${(apply, goesOn) => change(order, apply, goesOn)} />`)}</div>
    <p class="quiet small numbers">${places ? `Σ c T(t) of the wavelength: ${names.map((name) => `${general(valueOf(name))} in ${name}`).join(", ")}.` : "It needs the wavelength of each image, and two of them at least:"}</p>
    ${!places && html`<${Wavelengths} request=${request} names=${names} />`}`;
}

function Part({ label, words, written, invalid, change }) {
  const said = readParameter(written);
  const kind = standing(said);
  const field = kind === "linked"
    ? html`<input aria-label=${label} value=${said.link} spellcheck="false" onChange=${(event) => change(() => (event.target.value.trim() ? { value: null, link: event.target.value } : { value: null }))} />`
    : html`<${NumberField} label=${label} value=${said.value} invalid=${invalid} placeholder="from the image" onValue=${(value, goesOn) => change((before) => ({ ...before, value }), goesOn)} />`;
  return html`<div class="part"><span aria-hidden="true">${words}</span>${field}
    <label class="choice small" title="Fixed at its value"><input type="checkbox" checked=${said.fixed ?? false} disabled=${kind === "linked" || said.value === null}
      aria-label=${`${label} is fixed`} onChange=${(event) => change((before) => ({ ...before, fixed: event.target.checked || undefined }))} />fixed</label></div>`;
}

/** A field for the wavelength of each image. */
export function Wavelengths({ request, names }) {
  const put = (name) => (value) => changeRequest((before) => ({ ...before, images: before.images.map((each) => (each.name === name ? withMember(each, "wavelength", value > 0 ? value : null) : each)) }));
  return html`<div class="options">${names.map((name) => html`<label class="field" key=${name}>Wavelength of ${name}<${NumberField} value=${request.images.find((each) => each.name === name)?.wavelength ?? null} placeholder="nm, or any unit" onValue=${put(name)} /></label>`)}</div>`;
}

/** Limits of each part, and how many coefficients there are. */
export function VaryingLimits({ parameter, whole, put }) {
  const rows = whole.by_image ? Object.entries(whole.by_image) : whole.polynomial.map((written, order) => [order, written]);
  const set = (key, which) => (value) => put((before) => ({ ...before, whole: withPart(before.whole, key, (said) => ({ ...said, [which]: value ?? undefined })) }));
  return html`<details><summary>Limits of each</summary>${rows.map(([key, written]) => {
      const said = readParameter(written);
      const name = whole.by_image ? key : `c${key}`;
      return html`<div class="pair" key=${key}>${[["min", "at least"], ["max", "at most"]].map(([which, words]) => html`<label class="field" key=${which}>${name} ${words}<${NumberField} value=${said[which] ?? null} placeholder=${parameter[which] === undefined ? "none" : general(parameter[which])} onValue=${set(key, which)} /></label>`)}</div>`;
    })}</details>
    ${whole.polynomial && html`<div class="row"><button disabled=${whole.polynomial.length >= MOST_ORDERS} onClick=${() => put((before) => ({ ...before, whole: withOrders(before.whole, true) }))}>One order more</button>
      <button disabled=${whole.polynomial.length < 2} onClick=${() => put((before) => ({ ...before, whole: withOrders(before.whole, false) }))}>One order less</button></div>`}`;
}
