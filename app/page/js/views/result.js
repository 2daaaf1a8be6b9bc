/** Result: images side by side, the parameters as a paper prints them, and all that tells how far to trust them. */

import { startDraft } from "../draft.js";
import { html, useMemo, useState } from "../html.js";
import { general } from "../model/rounding.js";
import { fluxScalesOf } from "../model/tables.js";
import { withValues } from "../model/requests.js";
import { between, duration, moment } from "../model/times.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { ChainsPanel } from "../parts/chains-panel.js";
import { CornerPanel } from "../parts/corner-panel.js";
import { CorrelationPanel } from "../parts/correlation-panel.js";
import { Downloads } from "../parts/downloads.js";
import { Icon } from "../parts/icons.js";
import { ComponentCards } from "../parts/component-cards.js";
import { Notices } from "../parts/notices.js";
import { kindsOf, ParameterTable } from "../parts/parameter-table.js";
import { Naming } from "../parts/naming.js";
import { ResultPanes } from "../parts/result-panes.js";
import { RequestDialog } from "../parts/request-dialog.js";
import { SampleDialog } from "../parts/sampling.js";
import { StagesPanel } from "../parts/stages-panel.js";
import { Tabs } from "../parts/tabs.js";
import { complain, copy } from "../parts/toasts.js";
import { go } from "../router.js";
import { ask, getJson, postJson, remove } from "../service.js";

export function Result({ fit }) {
  const { value, error, again } = useAnswer(async () => {
    const [parameters, request] = await Promise.all([getJson(fit.links.parameters), getJson(fit.links.request)]);
    return { parameters, request };
  }, [fit.id]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!value) return html`<${Waiting} what="Fetching the result" />`;
  return html`<${Whole} fit=${fit} ...${value} />`;
}

function Whole({ fit, parameters, request }) {
  const [shown, setShown] = useState(false);
  const [held, setHeld] = useState(null);
  const [pointed, setPointed] = useState(null);
  const light = (name, hold = false) => (hold ? setHeld(name) : setPointed(name));
  const lit = pointed ?? held;
  const kinds = kindsOf(parameters);
  const [kind, setKind] = useState(kinds[0] ?? "uncertainty");
  const ended = useMemo(() => withValues(request, parameters.parameters), [request, parameters]);
  const sampled = fit.links.chains !== null && fit.links.chains !== undefined;
  const tabs = {
    Profile: () => html`<${Plot} address=${fit.links.plots.profile} label="Radial profile of data and model" />`,
    Correlations: request.stages.length > 0 && (() => html`<${CorrelationPanel} fit=${fit} />`),
    Corner: request.stages.length > 0 && (() => html`<${CornerPanel} fit=${fit} sampled=${sampled} />`),
    Chains: sampled && (() => html`<${ChainsPanel} fit=${fit} />`),
    Stages: () => html`<${StagesPanel} stages=${parameters.stages} />`,
    Log: () => html`<${Log} address=${fit.links.log} />`,
    Downloads: () => html`<${Downloads} fit=${fit} />`,
  };
  return html`
    <${Heading} fit=${fit} request=${request} parameters=${parameters} show=${() => setShown(true)} />
    ${fit.error && html`<div class="note bad" role="alert"><strong>${fit.error.title}.</strong> ${fit.error.detail} ${fit.error.help && html`<a href=${fit.error.help} target="_blank" rel="noopener">What this means</a>`}</div>`}
    ${fit.state === "cancelled" && html`<p class="note warn">This fit was cancelled; here is what it had found.</p>`}
    <${Notices} notices=${fit.notices} />
    <section class="card"><div class="figures">
      <${Figure} value=${general(parameters.chi2_reduced)} words="reduced χ²" />
      <${Figure} value=${general(parameters.chi2)} words="χ²" />
      <${Figure} value=${general(parameters.bic)} words="BIC" />
      <${Figure} value=${parameters.n_pixels.toLocaleString()} words="pixels used" />
      <${Figure} value=${parameters.degrees_of_freedom.toLocaleString()} words="degrees of freedom" />
      <${Figure} value=${duration(between(fit.started_at, fit.finished_at))} words="taken" />
      <${Figure} value=${parameters.converged ? "yes" : "no"} words="converged" />
    </div></section>
    <section class="card stack"><h2 class="visually-hidden">Images</h2><${ResultPanes} fit=${fit} request=${ended} lit=${lit} light=${light} /></section>
    <${ComponentCards} document=${parameters} request=${request} kind=${kind} lit=${lit} light=${light} />
    <div class="columns wide">
      <section class="card stack"><${ParameterTable} document=${parameters} request=${request} name=${fit.name || "fit"} kind=${kind} setKind=${setKind} kinds=${kinds} light=${light} />
        ${fluxScalesOf(parameters).map((line) => html`<p class="quiet small">${line}</p>`)}</section>
      <section class="card stack details"><${Tabs} label="Details" tabs=${tabs} /></section>
    </div>
    ${shown && html`<${RequestDialog} request=${request} close=${() => setShown(false)} />`}`;
}

const Figure = ({ value, words }) => html`<div class="figure"><b>${value}</b><span>${words}</span></div>`;

function Heading({ fit: given, request, parameters, show }) {
  const [fit, setFit] = useState(given);
  const [busy, setBusy] = useState(false);
  const [sampling, setSampling] = useState(false);
  const ended = withValues(request, parameters.parameters);
  const again = () => {
    startDraft({ request: ended, title: fit.name, proposal: null });
    go("model");
  };
  const goOn = async () => {
    setBusy(true);
    try {
      go("fits", (await postJson(`${fit.links.rerun}?from=best`)).id);
    } catch (error) {
      complain(error);
      setBusy(false);
    }
  };
  const erase = async () => {
    if (!confirm(`Delete the fit ${fit.name || fit.id} and its results?`)) return;
    try {
      await remove(fit.links.self);
      go("fits");
    } catch (error) {
      complain(error);
    }
  };
  return html`<div class="heading"><h1>${fit.name || "Fit"}</h1><span class="badge ${fit.state}">${fit.state}</span>
    <span class="quiet small">${moment(fit.finished_at ?? fit.created_at)}</span>
    <${Naming} fit=${fit} onChanged=${setFit} />
    <div class="actions">
      <button onClick=${() => copy(location.href, "Link")} title="Opens this result for whoever may see it: everybody of a service without accounts, else you">Copy link</button>
      <button onClick=${show}><${Icon} name="code" />Request</button>
      <button onClick=${() => setSampling(true)}><${Icon} name="dice" />Now sample</button>
      ${fit.state !== "succeeded" && html`<button onClick=${goOn} disabled=${busy}><${Icon} name="play" />Go on from here</button>`}
      <button class="primary" onClick=${again}><${Icon} name="again" />Fit again from here</button>
      <button class="bare icon danger" aria-label="Delete this fit" title="Delete" onClick=${erase}><${Icon} name="trash" /></button>
    </div>${sampling && html`<${SampleDialog} request=${ended} close=${() => setSampling(false)} />`}</div>`;
}

function Plot({ address, label }) {
  const [drawn, setDrawn] = useState(false);
  if (!address) return html`<p class="quiet">There is none of this fit.</p>`;
  return html`${!drawn && html`<${Waiting} what="Drawing" />`}
    <a href=${address} hidden=${!drawn}><img class="plot" src=${address} alt=${label} onLoad=${() => setDrawn(true)} /></a>`;
}

function Log({ address }) {
  const { value, error } = useAnswer(async () => (await ask(address)).text(), [address]);
  if (error) return html`<${Failure} error=${error} />`;
  return html`<pre class="log" tabindex="0" aria-label="Log">${value ?? "…"}</pre>`;
}
