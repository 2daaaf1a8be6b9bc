/** The stages of a fit, in order: methods with their options, from what the service says it can do. */

import { html, useState } from "../html.js";
import { setFaults } from "../draft.js";
import { costOf } from "../model/costs.js";
import { faultsAt, sentence } from "../model/faults.js";
import { planOf } from "../service.js";
import { settled } from "../settling.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { OptionField } from "./option-field.js";
import { complain } from "./toasts.js";

export function Stages({ draft, request, methods, change, faults }) {
  const [picking, setPicking] = useState(false);
  const stages = request.stages ?? [];
  const put = (next) => change((before) => ({ ...before, stages: next }));
  const add = (method) => {
    put([...stages, { method }]);
    setPicking(false);
  };
  const swap = (at) => put(stages.map((stage, index) => (index === at - 1 ? stages[at] : index === at ? stages[at - 1] : stage)));
  return html`<ol class="stages">${stages.map((stage, at) => html`<${Stage} key=${at} stage=${stage} at=${at}
      method=${methods.find(({ name }) => name === stage.method)} faults=${faultsAt(faults, `$.stages[${at}]`)}
      put=${(next) => put(stages.map((each, index) => (index === at ? next : each)))}
      remove=${() => put(stages.filter((_, index) => index !== at))} earlier=${at > 0 && (() => swap(at))} />`)}</ol>
    ${stages.length === 0 && html`<p class="quiet small">Without a stage the model is only drawn: a preview.</p>`}
    <div class="row"><button onClick=${() => setPicking(true)}><${Icon} name="plus" />Add a stage</button><${Cost} draft=${draft} /></div>
    ${picking && html`<${Dialog} title="Which method?" close=${() => setPicking(false)}>
      <div class="methods">${methods.map(({ name, description }) => html`
        <button key=${name} onClick=${() => add(name)}><strong>${name}</strong><span>${description}</span></button>`)}</div>
    </${Dialog}>`}`;
}

/** What the fit as it stands would take, asked of the service. */
function Cost({ draft }) {
  const [asked, setAsked] = useState(null);
  const [busy, setBusy] = useState(false);
  const ask = async () => {
    setBusy(true);
    setAsked(null);
    try {
      setAsked({ of: draft.request, plan: await planOf(await settled(draft)) });
    } catch (error) {
      if (error.faults?.length) setFaults(error.faults);
      complain(error);
    }
    setBusy(false);
  };
  const plan = asked?.of === draft.request ? asked.plan : null;
  return html`<button class="bare" disabled=${busy} onClick=${ask}>${busy ? "Asking…" : "How long?"}</button>
    ${plan && html`<p class="small quiet" role="status">${costOf(plan)}</p>${plan.notices.map(({ sentence }) => html`<p class="small note warn">${sentence}</p>`)}`}`;
}

function Stage({ stage, at, method, faults, put, remove, earlier }) {
  const options = Object.entries(method?.options ?? {});
  const set = (name, value) => {
    const { [name]: _, ...rest } = stage;
    put(value === undefined ? rest : { ...rest, [name]: value });
  };
  return html`<li class="stage">
    <div class="row"><span class="badge">${at + 1}</span><strong>${stage.method}</strong>
      <span class="row end">${earlier && html`<button class="bare icon" aria-label=${`Move stage ${at + 1} earlier`} title="Earlier" onClick=${earlier}><${Icon} name="up" /></button>`}
      <button class="bare icon" aria-label=${`Remove stage ${at + 1}`} title="Remove" onClick=${remove}><${Icon} name="close" /></button></span></div>
    <p class="quiet small">${method?.description}</p>
    ${faults.map((fault) => html`<p class="fault" role="alert"><code>${fault.path.split(".").pop()}</code> ${sentence(fault)}</p>`)}
    ${options.length > 0 && html`<details><summary>Options</summary><div class="options">
      ${options.map(([name, schema]) => html`<${OptionField} key=${name} name=${name} schema=${schema} value=${stage[name]}
        onValue=${(value) => set(name, value)} />`)}</div></details>`}</li>`;
}
