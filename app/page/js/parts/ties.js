/** Links made by a choice: a component at the place of another, of its shape; and in which images it is seen. */

import { html } from "../html.js";
import { followed, keysOf, leadsTo, tied } from "../model/tying.js";
import { seenIn, seenOnlyIn } from "../model/varying.js";

const WORDS = { position: "Same place as", shape: "Same shape as" };

/** `namesOf` gives the names of a component's parameters; `edit` gets a function of the component and of the request. */
export function Ties({ request, component, namesOf, edit }) {
  const own = new Set(namesOf(component));
  const others = request.components.filter(({ name }) => name !== component.name);
  const choice = (kind) => {
    const able = others.map((other) => ({ name: other.name, keys: keysOf(kind, own, new Set(namesOf(other))) })).filter(({ name, keys }) => keys && !leadsTo(request, name, component.name));
    const keys = able[0]?.keys ?? keysOf(kind, own, own);
    const now = keys ? followed(component, keys) : "";
    if (!keys || (!able.length && !now)) return null;
    const pick = (event) => {
      const name = event.target.value;
      edit((before, whole) => tied(whole, before, able.find((each) => each.name === name)?.keys ?? keys, name));
    };
    return html`<label class="field" key=${kind}>${WORDS[kind]}<select value=${now} onChange=${pick}><option value="" selected=${!now}>its own</option>
      ${[...new Set([...(now ? [now] : []), ...able.map(({ name }) => name)])].map((name) => html`<option key=${name} value=${name} selected=${name === now}>${name}</option>`)}</select></label>`;
  };
  const choices = ["position", "shape"].map(choice).filter(Boolean);
  return html`${choices.length > 0 && html`<div class="options">${choices}</div>`}
    ${request.images.length > 1 && html`<${Seen} request=${request} component=${component} edit=${edit} />`}`;
}

function Seen({ request, component, edit }) {
  const all = request.images.map(({ name }) => name);
  const seen = seenIn(request, component);
  const turn = (name) => edit((before) => {
    const next = all.filter((each) => (each === name ? !seen.includes(name) : seen.includes(each)));
    return next.length ? seenOnlyIn(before, next, all) : before;
  });
  return html`<div class="row" role="group" aria-label="Images that it is seen in"><span class="small quiet">Seen in</span>${all.map((name) => html`<label class="choice" key=${name}><input type="checkbox" checked=${seen.includes(name)}
    disabled=${seen.length === 1 && seen.includes(name)} onChange=${() => turn(name)} />${name}</label>`)}</div>`;
}
