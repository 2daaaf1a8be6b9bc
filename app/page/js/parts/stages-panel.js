/** What each stage did: how χ² fell, and what the method had to say. */

import { html } from "../html.js";
import { general } from "../model/rounding.js";
import { duration } from "../model/times.js";
import { Chart } from "./chart.js";

export function StagesPanel({ stages }) {
  if (stages.length === 0) return html`<p class="quiet">No stages: nothing was varied.</p>`;
  return html`${stages.map((stage, at) => html`<section class="stack tight" key=${at}>
    <h3>${at + 1}. ${stage.method}</h3>
    <p class="small quiet numbers">${stage.iterations} iterations, ${stage.evaluations} evaluations, ${duration(stage.seconds)};
      reduced χ² ${stage.chi2_reduced.map(general).join(" → ")}. ${stage.message}</p>
    ${stage.history && html`<${Chart} series=${[{ points: stage.history.step.map((step, index) => [step, stage.history.chi2[index]]), tone: 1, dots: stage.history.step.length < 60 }]}
      x="step" y="χ²" logY label=${`Chi-squared over stage ${at + 1}`} />`}</section>`)}`;
}
