/** Compare: two fits side by side, and by how much χ² and BIC differ. */

import { html, useMemo } from "../html.js";
import { Camera } from "../image/camera.js";
import { loadPlane, RESIDUAL_LOOK } from "../image/planes.js";
import { originOf } from "../model/requests.js";
import { general, roundMeasurement } from "../model/rounding.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { Pane } from "../parts/pane.js";
import { getJson, pixelsOfResult } from "../service.js";

export function Compare({ route: [first, second] }) {
  const { value, error, again } = useAnswer(() => Promise.all([load(first), load(second)]), [first, second]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!value) return html`<${Waiting} what="Fetching both fits" />`;
  return html`<${Both} pair=${value} />`;
}

async function load(id) {
  const fit = await getJson(`/v1/fits/${id}`);
  const [parameters, request] = await Promise.all([getJson(fit.links.parameters), getJson(fit.links.request)]);
  const [image] = request.images;
  const residual = await loadPlane(pixelsOfResult(fit.links.images[image.name].normalized_residual), 1, originOf(image));
  return { fit, parameters, residual };
}

function Both({ pair }) {
  const camera = useMemo(() => new Camera(), []);
  const [one, two] = pair;
  const difference = (key) => two.parameters[key] - one.parameters[key];
  const sameData = one.parameters.n_pixels === two.parameters.n_pixels;
  const names = [...new Set(pair.flatMap(({ parameters }) => parameters.parameters.map(({ name }) => name)))];
  const of = ({ parameters }, name) => parameters.parameters.find((each) => each.name === name);
  const cell = (side, name) => {
    const found = of(side, name);
    return found ? roundMeasurement(found.value, found.uncertainty).filter(Boolean).join(" ± ") : "–";
  };
  const apart = (name) => {
    const [a, b] = [of(one, name), of(two, name)];
    const sigma = Math.hypot(a?.uncertainty ?? 0, b?.uncertainty ?? 0);
    return a && b && sigma > 0 ? `${((b.value - a.value) / sigma).toFixed(1)} σ` : "";
  };
  return html`<div class="heading"><h1>Two fits compared</h1></div>
    ${!sameData && html`<p class="note warn">The two used a different number of pixels, so their χ² and BIC cannot be compared.</p>`}
    <section class="card stack"><div class="scroll" tabindex="0" role="region" aria-label="How well each fits"><table><thead><tr><td></td>${pair.map(({ fit }) => html`<th scope="col" class="number"><a href=${`#/fits/${fit.id}`}>${fit.name || fit.id}</a></th>`)}<th scope="col" class="number">second − first</th></tr></thead>
      <tbody>${[["χ²", "chi2"], ["reduced χ²", "chi2_reduced"], ["BIC", "bic"], ["degrees of freedom", "degrees_of_freedom"]].map(([words, key]) => html`
        <tr key=${key}><th scope="row">${words}</th>${pair.map(({ parameters }) => html`<td class="number">${general(parameters[key])}</td>`)}
          <td class=${`number difference ${key === "degrees_of_freedom" ? "" : difference(key) < 0 ? "better" : difference(key) > 0 ? "worse" : ""}`}>${general(difference(key))}</td></tr>`)}</tbody></table></div>
      <p class="small">${verdict(difference("bic"), one.fit, two.fit)}</p></section>
    <div class="panes">${pair.map(({ fit, residual }) => html`<${Pane} key=${fit.id} small plane=${residual} look=${RESIDUAL_LOOK} camera=${camera}
      label=${`Residual of ${fit.name}`} title=${`Residual / σ of ${fit.name || fit.id}`} />`)}</div>
    <section class="card stack"><h2>Parameters</h2><div class="scroll" tabindex="0" role="region" aria-label="Parameters of both"><table><thead><tr><th scope="col">Name</th><th scope="col" class="number">First</th><th scope="col" class="number">Second</th><th scope="col" class="number">Apart</th></tr></thead>
      <tbody>${names.map((name) => html`<tr key=${name}><th scope="row"><code>${name}</code></th>${pair.map((side) => html`<td class="number">${cell(side, name)}</td>`)}<td class="number">${apart(name)}</td></tr>`)}</tbody></table></div></section>`;
}

/** Kass & Raftery (1995): a BIC lower by more than 10 is very strong evidence, by less than 2 none to speak of. */
function verdict(difference, one, two) {
  if (!Number.isFinite(difference)) return "";
  const better = difference < 0 ? `the second, ${two.name || two.id},` : `the first, ${one.name || one.id},`;
  const size = Math.abs(difference);
  if (size < 2) return "By the BIC neither is to be preferred.";
  return `By the BIC ${better} is to be preferred: ${size > 10 ? "very strong" : size > 6 ? "strong" : "some"} evidence (ΔBIC ${general(size)}).`;
}
