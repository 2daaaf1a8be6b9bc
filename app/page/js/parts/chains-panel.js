/** The chains: a trace of each parameter, with R̂ and the effective number of draws. */

import { html, useState } from "../html.js";
import { general } from "../model/rounding.js";
import { getJson } from "../service.js";
import { Failure, useAnswer, Waiting } from "./asking.js";
import { Chart } from "./chart.js";

const MOST_POINTS = 500;
const MIXED = 1.01;
const ENOUGH = 400;

export function ChainsPanel({ fit }) {
  const { value, error } = useAnswer(() => loadChains(fit), [fit.id]);
  const [chosen, choose] = useState(null);
  if (error) return html`<${Failure} error=${error} />`;
  if (!value) return html`<${Waiting} what="Fetching the chains" />`;
  const { names, chains, diagnostics } = value;
  const name = chosen ?? names[0];
  const index = names.indexOf(name);
  const step = Math.max(1, Math.ceil(chains[0].length / MOST_POINTS));
  const series = chains.slice(0, 4).map((chain, at) => ({
    tone: at + 1,
    points: chain.flatMap((draw, number) => (number % step === 0 ? [[number * value.thin, draw[index]]] : [])),
  }));
  const trusted = (r, ess) => r !== null && r < MIXED && ess >= ENOUGH;
  return html`
    ${diagnostics.sentences.map((sentence) => html`<p class=${`note ${diagnostics.trustworthy ? "good" : "warn"}`}>${sentence}</p>`)}
    <p class="small quiet numbers">${diagnostics.draws} draws of ${chains.length} chains, acceptance ${general(diagnostics.acceptance)}, ${diagnostics.divergences} divergences.</p>
    <label class="field">Trace of<select value=${name} onChange=${(event) => choose(event.target.value)}>${names.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}</select></label>
    <${Chart} series=${series} x="draw" y=${name} label=${`Trace of ${name}, one line a chain`} />
    <div class="scroll" tabindex="0" role="region" aria-label="Diagnostics"><table><thead><tr><th scope="col">Name</th><th scope="col" class="number">R̂</th><th scope="col" class="number">ESS bulk</th><th scope="col" class="number">ESS tail</th></tr></thead>
      <tbody>${names.map((each) => html`<tr key=${each}><th scope="row"><code>${each}</code></th>
        <td class=${`number difference ${trusted(diagnostics.r_hat[each], ENOUGH) ? "" : "worse"}`}>${diagnostics.r_hat[each]?.toFixed(3) ?? "–"}</td>
        <td class=${`number difference ${trusted(1, diagnostics.ess_bulk[each]) ? "" : "worse"}`}>${whole(diagnostics.ess_bulk[each])}</td>
        <td class=${`number difference ${trusted(1, diagnostics.ess_tail[each]) ? "" : "worse"}`}>${whole(diagnostics.ess_tail[each])}</td></tr>`)}</tbody></table></div>`;
}

const whole = (value) => (Number.isFinite(value) ? Math.round(value).toLocaleString() : "–");

const MOST_DRAWS = 4000;

/** The chains, thinned where they are long: {names, chains, diagnostics, thin}. */
export async function loadChains(fit) {
  const { stages } = await getJson(fit.links.request);
  const samples = stages.findLast(({ samples: given }) => given)?.samples ?? 1000;
  const thin = Math.max(1, Math.ceil(samples / (MOST_DRAWS / 4)));
  return { ...(await getJson(`${fit.links.chains}${thin > 1 ? `?thin=${thin}` : ""}`)), thin };
}
