/** The components of a request, those without a place on the image too. */

import { html, useEffect, useRef, useState } from "../html.js";
import { newBeside } from "../model/adding.js";
import { faultsAt } from "../model/faults.js";
import { standing, readParameter } from "../model/parameters.js";
import { freeName, withNew } from "../model/requests.js";
import { Icon } from "./icons.js";

export function ComponentTree({ request, catalogue, selected, select, change, faults, shown }) {
  const [picking, setPicking] = useState(false);
  const add = (event) => {
    const profile = catalogue.profiles.find(({ name }) => name === event.target.value);
    if (!profile) return;
    const name = freeName(request, profile.name.charAt(0));
    change((before) => withNew(before, newBeside(before, name, profile, { chosen: selected, shown })));
    select(name);
    setPicking(false);
  };
  const list = useRef(null);
  useEffect(() => {
    const item = list.current?.querySelector("[aria-current=true]");
    if (item) list.current.scrollTop = Math.min(Math.max(list.current.scrollTop, item.offsetTop + item.offsetHeight - list.current.clientHeight), item.offsetTop);
  }, [selected]);
  return html`<ul class="tree" ref=${list}>${request.components.map((component, at) => html`
      <li key=${component.name}><button aria-current=${component.name === selected} onClick=${() => select(component.name)}>
        <span class="swatch"></span>${component.name}
        ${faultsAt(faults, `$.components[${at}]`).length > 0 && html`<span class="fault">has a fault</span>`}
        <span class="kind">${component.profile.replaceAll("_", " ")}${linked(component)}</span></button></li>`)}</ul>
    ${picking
      ? html`<label class="field">Profile of the new component<select onChange=${add}><option value="">Choose…</option>
          ${catalogue.profiles.map(({ name, description }) => html`<option key=${name} value=${name} title=${description}>${name.replaceAll("_", " ")}</option>`)}
        </select></label>`
      : html`<button onClick=${() => setPicking(true)}><${Icon} name="plus" />Add a component</button>`}`;
}

const linked = (component) => {
  const links = Object.values(component.parameters ?? {}).filter((written) => standing(readParameter(written)) === "linked");
  return links.length ? `, ${links.length} linked` : "";
};
