/** A fit: while it runs, how it converges; afterwards, what came of it. */

import { html, useEffect, useRef, useState } from "../html.js";
import { Chart } from "../parts/chart.js";
import { Failure } from "../parts/asking.js";
import { Icon } from "../parts/icons.js";
import { LiveParameters } from "../parts/live-parameters.js";
import { LiveResidual } from "../parts/live-residual.js";
import { complain } from "../parts/toasts.js";
import { general } from "../model/rounding.js";
import { duration } from "../model/times.js";
import { go } from "../router.js";
import { addressOfFit, getJson, postJson, watchFit } from "../service.js";
import { startDraft } from "../draft.js";
import { withValues } from "../model/requests.js";
import { AskToNotify, useTidings } from "../parts/tidings.js";
import { Result } from "./result.js";

const FINAL = ["succeeded", "failed", "cancelled"];

export function Fit({ route: [id] }) {
  const [fit, setFit] = useState(null);
  const [error, setError] = useState(null);
  const [gone, setGone] = useState(false);
  const trail = useRef([]);
  useTidings(fit);
  useEffect(() => {
    let stop = () => {};
    let wanted = true;
    const hear = (next) => {
      if (!wanted) return;
      const { progress } = next;
      if (progress && Number.isFinite(progress.chi2_reduced)) trail.current = [...trail.current, progress];
      setFit(next);
    };
    getJson(addressOfFit(id))
      .then((found) => {
        hear(found);
        if (wanted && !FINAL.includes(found.state)) stop = watchFit(found, hear, (lost) => wanted && setGone(lost));
      })
      .catch((failure) => wanted && setError(failure));
    return () => {
      wanted = false;
      stop();
    };
  }, [id]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!fit) return html`<div class="empty" role="status">Asking for the fit…</div>`;
  return fit.has_result ? html`<${Result} fit=${fit} />` : html`<${Underway} fit=${fit} trail=${trail.current} gone=${gone} />`;
}

function Underway({ fit, trail, gone }) {
  const { progress, state } = fit;
  const running = !FINAL.includes(state);
  const cancel = () => postJson(fit.links.cancel).catch(complain);
  const again = async () => {
    const asked = await getJson(fit.links.request);
    const reached = Object.entries(progress?.parameters ?? {}).filter(([, value]) => Number.isFinite(value)).map(([name, value]) => ({ name, value }));
    const request = reached.length ? withValues(asked, reached) : asked;
    startDraft({ request, title: fit.name, proposal: null, faults: fit.error?.faults ?? [] });
    go("model");
  };
  const points = trail.map(({ chi2_reduced: chi2 }, at) => [at, chi2]);
  return html`<div class="narrow stack">
    <div class="heading"><h1>${fit.name || "Fit"}</h1><span class="badge ${state}">${state}</span>
      <div class="actions">${running
        ? html`<${AskToNotify} /><button class="danger" onClick=${cancel}><${Icon} name="stop" />Cancel</button>`
        : html`<button class="primary" onClick=${again}>${progress?.parameters ? "Back to its model, where it stopped" : "Back to its model"}</button>`}</div></div>
    ${gone && running && html`<p class="note bad" role="alert"><strong>The service does not answer.</strong> What stands here is the last that was heard; the page tries again by itself. Is <code>photfit serve</code> still running?</p>`}
    ${fit.error && html`<div class="note bad" role="alert"><strong>${fit.error.title}.</strong> ${fit.error.detail} ${fit.error.help && html`<a href=${fit.error.help} target="_blank" rel="noopener">What this means</a>`}</div>`}
    ${state === "cancelled" && html`<p class="note warn">This fit was cancelled; it has no result.</p>`}
    ${running && html`<section class="card stack"><p class="visually-hidden" role="status">${spoken(progress)}</p>
      <div class="row split"><strong>${progress ? `Stage ${progress.stage + 1} of ${progress.stages}: ${progress.method}` : waitingWords(fit)}</strong>
        <span class="quiet numbers">${progress?.eta_seconds ? `about ${duration(progress.eta_seconds)} left` : ""}</span></div>
      <progress max="1" value=${progress?.fraction ?? 0} aria-label="Progress of the fit"></progress>
      <div class="figures">
        <div class="figure"><b>${general(progress?.chi2_reduced)}</b><span>reduced χ² now</span></div>
        <div class="figure"><b>${progress?.iteration ?? "–"}</b><span>iteration</span></div>
        <div class="figure"><b>${progress ? `${Math.round(100 * progress.fraction)} %` : "–"}</b><span>done</span></div></div>
      ${progress?.message && html`<p class="quiet small">${progress.message}</p>`}
    </section>`}
    ${running && progress && html`<div class="columns even"><${LiveResidual} residual=${progress.residual} />
      ${progress.parameters && html`<${LiveParameters} progress=${progress} title="Parameters now" />`}</div>`}
    ${!running && progress?.parameters && html`<${LiveParameters} progress=${progress} title="Parameters when it stopped" />`}
    ${running && html`<section class="card stack"><h2>Convergence</h2>
      <${Chart} series=${[{ points, tone: 1, dots: points.length < 60 }]} x="report since this page was opened" y="reduced χ²" logY label="Reduced chi-squared as the fit goes on" />
      <p class="quiet small">This page may be closed: the fit goes on, and is here when you come back.</p></section>`}
  </div>`;
}

/** What a screen reader says: new words only with a new stage, or another quarter of the way. */
function spoken(progress) {
  if (!progress) return "The fit waits for a worker.";
  const quarters = Math.floor(4 * progress.fraction);
  return `Stage ${progress.stage + 1} of ${progress.stages}, ${progress.method}, ${quarters ? `${25 * quarters} % done` : "begun"}.`;
}

function waitingWords({ queue }) {
  if (!queue) return "Waiting for a worker";
  const seconds = queue.estimated_start ? (Date.parse(queue.estimated_start) - Date.now()) / 1000 : NaN;
  return `Number ${queue.position} in line${seconds > 0 ? `, starting in about ${duration(seconds)}` : ""}`;
}
