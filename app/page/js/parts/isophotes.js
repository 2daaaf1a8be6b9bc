/** What is done to a component's isophotes: each modifier with its setting, and one more to choose. */

import { html, useState } from "../html.js";
import { sentence } from "../model/faults.js";
import { readSetting, withModifier, withoutModifier, writtenSetting } from "../model/geometry.js";
import { modifierOf } from "../service.js";
import { Icon } from "./icons.js";

/** `described` are the component's modifiers as the service tells of them; `known` are all that there are. */
export function Isophotes({ component, profile, described, known, edit, faults }) {
  const [refused, setRefused] = useState(null);
  const put = async (name, setting, earlier) => {
    try {
      const next = await modifierOf(name, setting);
      setRefused(null);
      edit((before) => withModifier(before, profile, next, earlier));
    } catch (error) {
      setRefused({ name, text: error.faults?.[0] ? sentence(error.faults[0]) : error.message });
    }
  };
  const others = known.filter(({ name }) => !described.some((each) => each.name === name));
  return html`<div class="stack isophotes" role="group" aria-label="Isophotes">
    ${described.map((each) => html`<div key=${each.name}>
      <div class="row"><span title=${`${each.description} ${each.formula}`}>${each.name}</span>
        ${each.setting !== null && html`<input aria-label=${`Setting of ${each.name}`} title=${each.takes} size="10" spellcheck="false"
          value=${writtenSetting(each.setting)} aria-invalid=${refused?.name === each.name}
          onChange=${(event) => put(each.name, readSetting(event.target.value, each.setting), each)} />`}
        <button class="bare icon danger" aria-label=${`Remove ${each.name}`} title="Remove" onClick=${() => edit((before) => withoutModifier(before, each))}>
          <${Icon} name="trash" /></button></div>
      ${refused?.name === each.name && html`<p class="fault" role="alert">${refused.text}</p>`}</div>`)}
    ${faults.map((fault) => html`<p class="fault" role="alert">${sentence(fault)}</p>`)}
    ${refused && !described.some(({ name }) => name === refused.name) && html`<p class="fault" role="alert">${refused.text}</p>`}
    <label class="field">Modify the isophotes<select value="" onChange=${(event) => event.target.value && put(event.target.value, usual(others, event.target.value))}>
      <option value="">Choose…</option>
      ${others.map(({ name, description }) => html`<option key=${name} value=${name} title=${description}>${name}: ${description.toLowerCase().replace(/\.$/, "")}</option>`)}
    </select></label></div>`;
}

const usual = (known, name) => known.find((each) => each.name === name).setting;
