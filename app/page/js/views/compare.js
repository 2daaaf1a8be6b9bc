/** Compare: two fits side by side, and by how much χ² and BIC differ where they may be compared. */

import { html, useMemo } from "../html.js";
import { Camera } from "../image/camera.js";
import { loadPlane, RESIDUAL_LOOK } from "../image/planes.js";
import { apart, difference, differences, madeWith, verdict } from "../model/comparing.js";
import { originOf } from "../model/requests.js";
import { general, roundMeasurement } from "../model/rounding.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { Pane } from "../parts/pane.js";
import { addressOfFit, getJson, pixelsOfResult } from "../service.js";

export function Compare({ route: [first, second] }) {
  const { value, error, again } = useAnswer(() => first && second && Promise.all([load(first), load(second)]), [first, second]);
  if (!first || !second) return html`<div class="empty"><p>Two fits are compared: tick them in the list.</p><a class="button primary" href="#/fits">To the fits</a></div>`;
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!value) return html`<${Waiting} what="Fetching both fits" />`;
  return html`<${Both} pair=${value} />`;
}

async function load(id) {
  const fit = await getJson(addressOfFit(id));
  const [parameters, request, provenance] = await Promise.all([getJson(fit.links.parameters), getJson(fit.links.request), getJson(fit.links.provenance)]);
  const residuals = await Promise.all(request.images.map(async (image) => {
    const name = image.name ?? "image";
    return { name, plane: await loadPlane(pixelsOfResult(fit.links.images[name].normalized_residual), 1, originOf(image)) };
  }));
  return { fit, parameters, residuals, made: madeWith(provenance) };
}

const MEASURES = [["χ²", "chi2"], ["reduced χ²", "chi2_reduced"], ["BIC", "bic"], ["degrees of freedom", "degrees_of_freedom"]];

function Both({ pair }) {
  const [one, two] = pair;
  const differ = differences(one.made, two.made);
  const same = differ.length === 0;
  const names = [...new Set(pair.flatMap(({ parameters }) => parameters.parameters.map(({ name }) => name)))];
  const of = ({ parameters }, name) => parameters.parameters.find((each) => each.name === name);
  const titles = pair.map(({ fit }) => fit.name || fit.id);
  const told = titles[0] === titles[1] ? ["the first", "the second"] : titles;
  const cell = (side, name) => {
    const found = of(side, name);
    return found ? roundMeasurement(found.value, found.uncertainty).filter(Boolean).join(" ± ") : "–";
  };
  const between = (key) => {
    if (!same) return { text: "not comparable", meaning: "" };
    const found = difference(one.parameters[key], two.parameters[key], key === "chi2_reduced" ? one.parameters.degrees_of_freedom : 1);
    return key === "degrees_of_freedom" ? { ...found, meaning: "" } : found;
  };
  return html`<div class="heading"><h1>Two fits compared</h1></div>
    ${!same && html`<p class="note warn"><strong>These two cannot be compared by χ² or BIC.</strong> They differ in ${differ.join(", ")}; χ² and BIC say which model is
      better only of the same pixels with the same noise. Fit both to the same, and compare again.</p>`}
    <section class="card stack"><div class="scroll" tabindex="0" role="region" aria-label="How well each fits"><table><thead><tr><td></td>${pair.map(({ fit }, at) => html`<th scope="col" class="number"><a href=${`#/fits/${fit.id}`}>${titles[at]}</a></th>`)}<th scope="col" class="number">second − first</th></tr></thead>
      <tbody>${MEASURES.map(([words, key]) => {
        const { text, meaning } = between(key);
        return html`<tr key=${key}><th scope="row">${words}</th>${pair.map(({ parameters }) => html`<td class="number">${general(parameters[key])}</td>`)}
          <td class=${`number difference ${meaning}`}>${text}</td></tr>`;
      })}</tbody></table></div>
      ${same && html`<p class="small">${verdict(two.parameters.bic - one.parameters.bic, ...told)}</p>`}</section>
    ${one.residuals.map((_, at) => html`<${Residuals} key=${at} at=${at} pair=${pair} titles=${titles} />`)}
    <section class="card stack"><h2>Parameters</h2><div class="scroll" tabindex="0" role="region" aria-label="Parameters of both"><table><thead><tr><th scope="col">Name</th><th scope="col" class="number">First</th><th scope="col" class="number">Second</th><th scope="col" class="number">Difference</th></tr></thead>
      <tbody>${names.map((name) => html`<tr key=${name}><th scope="row"><code>${name}</code></th>${pair.map((side) => html`<td class="number">${cell(side, name)}</td>`)}<td class="number">${apart(of(one, name), of(two, name))}</td></tr>`)}</tbody></table></div></section>`;
}

/** The residuals of one image of both, which move together. */
function Residuals({ pair, at, titles }) {
  const camera = useMemo(() => new Camera(), []);
  return html`<div class="panes">${pair.map(({ residuals }, side) => residuals[at] && html`<${Pane} key=${side} small plane=${residuals[at].plane} look=${RESIDUAL_LOOK} camera=${camera}
    label=${`Residual of ${titles[side]}, ${residuals[at].name}`} title=${`Residual / σ of ${titles[side]}${residuals.length > 1 ? `, ${residuals[at].name}` : ""}`} />`)}</div>`;
}
