/** History: every fit, newest first; searched, opened, compared, deleted. */

import { html, useEffect, useState } from "../html.js";
import { between, duration, moment } from "../model/times.js";
import { general } from "../model/rounding.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { Icon } from "../parts/icons.js";
import { complain } from "../parts/toasts.js";
import { go } from "../router.js";
import { getJson, remove } from "../service.js";

const STATES = ["queued", "running", "succeeded", "failed", "cancelled"];
const REFRESH_MILLISECONDS = 2000;
const TYPING_MILLISECONDS = 250;

export function History() {
  const [state, setState] = useState("");
  const [words, setWords] = useState("");
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState([]);
  const [more, setMore] = useState([]);
  const [next, setNext] = useState(null);
  const { value, error, again } = useAnswer(() => getJson(address(state, search)), [state, search]);
  useEffect(() => {
    const timer = setTimeout(() => setSearch(words.trim()), TYPING_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [words]);
  useEffect(() => {
    setMore([]);
    setNext(value?.next ?? null);
  }, [value]);
  const fits = [...(value?.fits ?? []), ...more];
  const busy = fits.some((fit) => ["queued", "running"].includes(fit.state));
  useEffect(() => {
    if (!busy) return undefined;
    const timer = setTimeout(again, REFRESH_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [value, busy]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  if (!value) return html`<${Waiting} what="Fetching the fits" />`;
  const load = async () => {
    const page = await getJson(next);
    setMore([...more, ...page.fits]);
    setNext(page.next);
  };
  const erase = async (fit) => {
    if (!confirm(`Delete the fit ${fit.name || fit.id} and its results?`)) return;
    try {
      await remove(fit.links.self);
      again();
    } catch (failure) {
      complain(failure);
    }
  };
  const choose = (id) => setChosen(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id].slice(-2));
  return html`<div class="heading"><h1>Fits</h1><div class="actions">
      <input type="search" placeholder="Search names and labels" aria-label="Search" value=${words} onInput=${(event) => setWords(event.target.value)} />
      <select aria-label="State" value=${state} onChange=${(event) => setState(event.target.value)}><option value="">every state</option>${STATES.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}</select>
      <button class="primary" disabled=${chosen.length !== 2} onClick=${() => go("compare", ...chosen)}>Compare two</button></div></div>
    ${fits.length === 0
      ? html`<div class="empty"><p>${state || search ? "No fit matches." : "There are no fits yet."}</p><a class="button primary" href="#/">Begin with an image</a></div>`
      : html`<div class="card scroll" tabindex="0" role="region" aria-label="Fits"><table class="fits"><thead><tr><th scope="col"><span class="visually-hidden">Compare</span></th><th scope="col"><span class="visually-hidden">Model</span></th><th scope="col">Name</th><th scope="col">State</th>
          <th scope="col" class="number">χ²ᵣ</th><th scope="col" class="number">Time</th><th scope="col">Asked for</th><th scope="col"><span class="visually-hidden">Delete</span></th></tr></thead>
        <tbody>${fits.map((fit) => html`<${Row} key=${fit.id} fit=${fit} chosen=${chosen.includes(fit.id)} choose=${() => choose(fit.id)} erase=${() => erase(fit)} />`)}</tbody></table></div>`}
    ${next && html`<div class="row"><button onClick=${load}>Show more</button></div>`}`;
}

function Row({ fit, chosen, choose, erase }) {
  const done = fit.state === "succeeded";
  const name = fit.name || "without a name";
  const previews = Object.values(fit.links.previews)[0];
  return html`<tr>
    <td><input type="checkbox" checked=${chosen} disabled=${!done} aria-label=${`Compare ${name}`} onChange=${choose} /></td>
    <td>${done ? html`<img class="thumbnail" loading="lazy" width="56" height="56" alt="" src=${previews.model} />` : html`<span class="thumbnail"></span>`}</td>
    <th scope="row"><a href=${`#/fits/${fit.id}`}>${name}</a>${(fit.labels ?? []).map((label) => html` <span class="badge">${label}</span>`)}</th>
    <td><span class="badge ${fit.state}">${fit.state}</span></td>
    <td class="number">${general(fit.progress?.chi2_reduced)}</td>
    <td class="number">${duration(between(fit.started_at, fit.finished_at))}</td>
    <td class="quiet">${moment(fit.created_at)}</td>
    <td><button class="bare icon danger" aria-label=${`Delete ${name}`} title="Delete" onClick=${erase}><${Icon} name="trash" /></button></td></tr>`;
}

function address(state, search) {
  const query = new URLSearchParams({ limit: 50 });
  if (state) query.set("state", state);
  if (search) query.set("search", search);
  return `/v1/fits?${query}`;
}
