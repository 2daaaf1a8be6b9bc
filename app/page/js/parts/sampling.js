/** Sampling the posterior of a result: how much of it, and what it would take, before it is asked for. */

import { costOf } from "../model/costs.js";
import { html, useEffect, useState } from "../html.js";
import { go } from "../router.js";
import { loadCatalogue, planOf, postJson } from "../service.js";
import { Dialog } from "./dialog.js";
import { OptionField } from "./option-field.js";
import { complain } from "./toasts.js";

const SHOWN = ["warmup", "samples", "chains", "target_accept"];
const PRESETS = { "quick look": { warmup: 200, samples: 300, chains: 2 }, "to publish": { warmup: 500, samples: 1500, chains: 4 } };

/** `request` begins where the fit ended. */
export function SampleDialog({ request, close }) {
  const [method, setMethod] = useState(null);
  const [options, setOptions] = useState(PRESETS["quick look"]);
  const [plan, setPlan] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    loadCatalogue().then(({ methods }) => setMethod(methods.find(({ name }) => name === "nuts") ?? methods.find(({ options: known }) => "warmup" in known))).catch(complain);
  }, []);
  const asked = method && { ...request, stages: [{ method: method.name, ...options }] };
  useEffect(() => {
    if (!asked) return undefined;
    let wanted = true;
    setPlan(null);
    const timer = setTimeout(() => planOf(asked).then((found) => wanted && setPlan(found)).catch((error) => wanted && complain(error)), 400);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [JSON.stringify(options), method]);
  const start = async () => {
    setBusy(true);
    try {
      go("fits", (await postJson("/v1/fits", asked)).id);
    } catch (error) {
      complain(error);
      setBusy(false);
    }
  };
  const set = (name) => (value) => setOptions(({ [name]: _, ...rest }) => (value === undefined ? rest : { ...rest, [name]: value }));
  return html`<${Dialog} title="Sample the posterior" close=${close}><div class="stack dialog-body">
    <p class="small">Draws from the posterior by <code>${method?.name ?? "…"}</code>, from where this fit ended. They tell uncertainties that are no ellipses, and whether limits shape them.</p>
    <div class="segments" role="group" aria-label="How much">${Object.entries(PRESETS).map(([name, preset]) => html`
      <button key=${name} aria-pressed=${JSON.stringify(options) === JSON.stringify(preset)} onClick=${() => setOptions(preset)}>${name}</button>`)}</div>
    ${method && html`<div class="options">${SHOWN.filter((name) => name in method.options).map((name) => html`<${OptionField} key=${name} name=${name} schema=${method.options[name]} value=${options[name]} onValue=${set(name)} />`)}</div>`}
    <p role="status" class="small">${plan ? `${options.chains ?? 4} × ${((options.warmup ?? 500) + (options.samples ?? 1000)).toLocaleString()} draws. ${costOf(plan)}` : "Asking what it would take…"}</p>
    <div class="row end"><button onClick=${close}>Cancel</button><button class="primary" disabled=${busy || !method} onClick=${start}>${busy ? "Asking…" : "Sample"}</button></div>
  </div></${Dialog}>`;
}
