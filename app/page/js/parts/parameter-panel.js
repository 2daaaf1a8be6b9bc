/** One component's parameters: values in step with its ellipse; limits, fixing, links and priors behind a button. */

import { newGesture } from "../draft.js";
import { html, useRef, useState } from "../html.js";
import { faultsAt, sentence } from "../model/faults.js";
import { parametersOf } from "../model/forms.js";
import { brightnessOf, isFormula, withBrightness, withOwnParameters } from "../model/formula.js";
import { isElliptical, modifiersOf, withProfile } from "../model/geometry.js";
import { readParameter, standing, withParameter } from "../model/parameters.js";
import { carriedOver } from "../model/light.js";
import { lostWith, renamed, without } from "../model/naming.js";
import { componentOf, withComponent } from "../model/requests.js";
import { general } from "../model/rounding.js";
import { choicesFor } from "../model/tying.js";
import { valuesOf } from "../model/values.js";
import { asByImage, asPolynomial, kindOfVarying, seenIn } from "../model/varying.js";
import { modifierOf, profileWith } from "../service.js";
import { useAnswer } from "./asking.js";
import { Icon } from "./icons.js";
import { Isophotes } from "./isophotes.js";
import { NameField } from "./name-field.js";
import { NumberField } from "./number-field.js";
import { ProfileOptions } from "./profile-options.js";
import { Ties } from "./ties.js";
import { tell } from "./toasts.js";
import { VaryingFields, VaryingLimits } from "./varying-fields.js";

const MOST_LETTERS = 8;
const ICONS = { free: "open", fixed: "lock", linked: "link", varied: "code", "by image": "columns", polynomial: "code" };

/** `image` is the name of the image that is shown: of what differs between images, the values there are meant. */
export function ParameterPanel({ name, request, image, catalogue, files, change, select, faults }) {
  const component = componentOf(request, name);
  const listed = component && catalogue.profiles.find((each) => each.name === component.profile);
  const asked = useAnswer(() => listed && profileWith(listed.name, component.options).catch(() => profileWith(listed.name)), [listed?.name, JSON.stringify(component?.options ?? {})]).value;
  const described = asked?.name === listed?.name ? asked : null;
  const profile = listed && isFormula(listed) ? withUnits(withOwnParameters(listed, component), described) : listed && { ...listed, ...(described && { parameters: described.parameters }) };
  const modifiers = component ? modifiersOf(component) : [];
  const told = useAnswer(() => Promise.all(modifiers.map((each) => modifierOf(each.name, each.setting))), [JSON.stringify(modifiers)]).value ?? [];
  const gesture = useRef(null);
  if (!component || !profile) return null;
  const place = `$.components[${request.components.indexOf(component)}]`;
  const edit = (apply, goesOn = false) => {
    gesture.current = goesOn && gesture.current ? gesture.current : newGesture();
    change((before) => withComponent(before, name, (each) => apply(each, before)), gesture.current);
  };
  const value = valuesOf(request, image);
  const namesOf = (each) => {
    const profileOf = catalogue.profiles.find((one) => one.name === each.profile);
    return profileOf ? parametersOf(profileOf, request, each).map((one) => one.name) : [];
  };
  const names = seenIn(request, component);
  const rename = (next) => {
    change((before) => renamed(before, name, next));
    select(next);
  };
  const reprofile = (event) => {
    const next = catalogue.profiles.find((each) => each.name === event.target.value);
    const [own, names] = [profile, next].map((each) => parametersOf(each, request, component).map((one) => one.name));
    const of = (key) => value(`${name}.${key}`);
    edit((before) => carriedOver(before, withProfile(before, next, names, own), profile, next, of));
  };
  const remove = () => {
    const lost = lostWith(request, name);
    if (lost) tell(lost);
    change((before) => without(before, name));
    select(request.components.find((each) => each.name !== name)?.name ?? null);
  };
  const own = parametersOf({ ...profile, parameters: [...profile.parameters, ...told.flatMap((each) => each.parameters)] }, request, component);
  const shown = new Set(own.map((each) => each.name));
  const others = Object.keys(component.parameters ?? {}).filter((key) => !shown.has(key));
  const rows = [...own, ...others.map((key) => ({ name: key, unit: "", description: "" }))];
  return html`<section class="card stack" aria-label=${`Component ${name}`}>
    <div class="row"><${NameField} name=${name} taken=${request.components.map((each) => each.name)} onName=${rename} />
      <label class="field">Profile<select value=${component.profile} onChange=${reprofile}>
        ${catalogue.profiles.map((each) => html`<option key=${each.name} value=${each.name} selected=${each.name === component.profile}>${each.name.replaceAll("_", " ")}</option>`)}
      </select></label>
      <button class="bare icon danger" aria-label=${`Delete ${name}`} title="Delete" onClick=${remove}><${Icon} name="trash" /></button></div>
    <p class="quiet small">${profile.description}</p>
    ${faults.filter(({ path }) => path === place || path === `${place}.parameters`).map((fault) => html`<p class="fault" role="alert">${sentence(fault)}</p>`)}
    ${isFormula(profile) && html`<${Brightness} component=${component} faults=${faultsAt(faults, `${place}.options`)}
      put=${(text) => edit((before) => withBrightness(before, text, listed))} />`}
    ${described?.options && html`<${ProfileOptions} request=${request} component=${component} described=${described} files=${files} edit=${edit} faults=${faultsAt(faults, `${place}.options`)} />`}
    <${Ties} request=${request} component=${component} namesOf=${namesOf} edit=${edit} />
    <div class="parameters">${rows.map((parameter) => html`
      <${Parameter} key=${parameter.name} parameter=${parameter} said=${readParameter(component.parameters?.[parameter.name])}
        computed=${value(`${name}.${parameter.name}`)} priors=${catalogue.priors} request=${request} names=${names}
        valueOf=${(each) => valuesOf(request, each)(`${name}.${parameter.name}`)} choices=${() => choicesFor(request, component, parameter.name, namesOf)}
        faults=${faultsAt(faults, `${place}.parameters.${parameter.name}`)}
        put=${(apply, goesOn) => edit((before) => withParameter(before, parameter.name, apply), goesOn)} />`)}</div>
    ${isElliptical(profile) && html`<${Isophotes} component=${component} profile=${profile} described=${told} known=${catalogue.geometry} edit=${edit}
      faults=${faults.filter(({ path }) => path.startsWith(`${place}.geometry`))} />`}
  </section>`;
}

/** Parameters of a formula with what the service says of those that it knows: their units follow from the formula. */
const withUnits = (profile, described) => ({ ...profile, parameters: profile.parameters.map((each) => ({ ...described?.parameters.find(({ name }) => name === each.name), ...Object.fromEntries(Object.entries(each).filter(([, said]) => said !== "" && said !== undefined)), name: each.name })) });

function Brightness({ component, faults, put }) {
  const text = brightnessOf(component);
  return html`<label class="field">Brightness at radius r<input key=${text} defaultValue=${text} spellcheck="false" aria-invalid=${faults.length > 0}
      onChange=${(event) => put(event.target.value.trim())} /></label>
    ${faults.map((fault) => html`<p class="fault" role="alert">${sentence(fault)}</p>`)}`;
}

function Parameter({ parameter, said, computed, priors, request, names, valueOf, choices, faults, put }) {
  const [open, setOpen] = useState(false);
  const kind = kindOfVarying(said.whole) ?? standing(said);
  const id = `parameter-${parameter.name}`;
  const invalid = faults.length > 0;
  const field = {
    linked: () => html`<input id=${id} value=${said.link} aria-invalid=${invalid} spellcheck="false" title=${`is ${general(computed)}`}
      onChange=${(event) => put((before) => ({ ...before, link: event.target.value.startsWith("=") ? event.target.value : `= ${event.target.value}` }))} />`,
    "by image": () => html`<span id=${id} class="quiet small">in each image</span>`,
    polynomial: () => html`<span id=${id} class="quiet small">by wavelength</span>`,
  }[kind] ?? (() => html`<${NumberField} id=${id} value=${said.value} invalid=${invalid} placeholder=${parameter.default === undefined ? "from the image" : general(parameter.default)} digits=${/^(ra|dec)$/.test(parameter.name) ? 10 : 7}
      onValue=${(value, goesOn) => put((before) => ({ ...before, value }), goesOn)} />`);
  return html`<div class=${parameter.name.length > MOST_LETTERS ? "parameter long" : "parameter"}>
    ${said.whole ? html`<span class="label" title=${parameter.description}>${parameter.name}</span>` : html`<label for=${id} title=${parameter.description}>${parameter.name}</label>`}${field()}
    <span class="unit" title=${parameter.unit}>${parameter.unit}</span>
    <button class="bare icon" aria-expanded=${open} aria-label=${`${parameter.name} is ${kind}; limits, link and prior`} title=${`${kind}; limits, link, prior`}
      onClick=${() => setOpen(!open)}><${Icon} name=${ICONS[kind]} /></button>
    ${said.whole && html`<${VaryingFields} parameter=${parameter} whole=${said.whole} names=${names} valueOf=${valueOf} request=${request} invalid=${invalid} put=${put} />`}
    ${faults.map((fault) => html`<p class="fault" role="alert">${sentence(fault)}</p>`)}
    ${open && html`<${More} parameter=${parameter} said=${said} kind=${kind} computed=${computed} priors=${priors} names=${names} valueOf=${valueOf} choices=${choices} put=${put} />`}
  </div>`;
}

function More({ parameter, said, kind, computed, priors, names, valueOf, choices, put }) {
  const become = {
    free: () => put((before) => ({ value: before.value ?? known(computed), min: before.min, max: before.max, prior: before.prior })),
    fixed: () => put((before) => ({ value: before.value ?? known(computed) ?? 0, fixed: true })),
    linked: () => put(() => ({ value: null, link: `= ${general(known(computed) ?? 0)}` })),
    ...(names.length > 1 && {
      "by image": () => put((before) => ({ value: null, whole: asByImage(names, before, valueOf) })),
      polynomial: () => put(() => ({ value: null, whole: asPolynomial(names, valueOf) })),
    }),
  };
  const follow = (event) => event.target.value && put(() => ({ value: null, link: `= ${event.target.value}` }));
  const limit = (which, label) => html`<label class="field">${label}<${NumberField} value=${said[which] ?? null}
    placeholder=${parameter[which] === undefined ? "none" : general(parameter[which])}
    onValue=${(value) => put((before) => ({ ...before, [which]: value ?? undefined }))} /></label>`;
  return html`<div class="more"><p class="small quiet">${parameter.description}</p>
    <div class="segments" role="group" aria-label=${`${parameter.name} is`}>${Object.keys(become).map((each) => html`
      <button key=${each} aria-pressed=${kind === each} onClick=${become[each]}>${each}</button>`)}</div>
    ${said.whole && html`<${VaryingLimits} parameter=${parameter} whole=${said.whole} put=${put} />`}
    ${kind === "free" && html`<div class="pair">${limit("min", "At least")}${limit("max", "At most")}</div>`}
    ${(kind === "free" || kind === "linked") && html`<${PriorFields} said=${said} priors=${priors} put=${put} />`}
    ${kind === "linked" && html`<label class="field">Link to<select value="" onChange=${follow}><option value="">choose…</option>
      ${choices().map((each) => html`<option key=${each} value=${each} selected=${said.link === `= ${each}`}>${each}</option>`)}</select></label>
      <p class="small quiet">An expression of others, such as <code>= g1.x</code> or <code>= g1.pa + 90</code>;
      now ${general(computed)}.</p>`}</div>`;
}

function PriorFields({ said, priors, put }) {
  const [name = "", numbers = []] = Object.entries(said.prior ?? {})[0] ?? [];
  const form = priors.find((prior) => prior.name === name);
  const listed = form ? form.numbers.map((key, at) => (Array.isArray(numbers) ? numbers[at] : numbers[key])) : [];
  const pick = (event) => {
    const next = priors.find((prior) => prior.name === event.target.value);
    put((before) => ({ ...before, prior: next && { [next.name]: next.numbers.map((key) => first(key, before.value ?? 1)) } }));
  };
  const fill = (at) => (value) =>
    put((before) => ({ ...before, prior: { [name]: listed.map((each, other) => (other === at ? value ?? 0 : each)) } }));
  return html`<label class="field">Prior<select value=${name} onChange=${pick}><option value="" selected=${!name}>flat</option>
      ${priors.map((prior) => html`<option key=${prior.name} value=${prior.name} title=${prior.description} selected=${prior.name === name}>${prior.name.replaceAll("_", " ")}</option>`)}
    </select></label>
    ${form && html`<div class="pair">${form.numbers.map((key, at) => html`<label class="field" key=${key}>${key}
      <${NumberField} value=${listed[at]} onValue=${fill(at)} /></label>`)}</div>`}`;
}

/** A number to begin a prior with, about a value. */
function first(key, value) {
  const about = Math.abs(value) || 1;
  return { mean: value, sigma: about / 4, min: value - about / 2, max: value + about / 2 }[key] ?? 1;
}

const known = (value) => (Number.isFinite(value) ? Number(value.toPrecision(7)) : null);
