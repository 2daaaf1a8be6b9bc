/** History: every fit, newest first; searched, sorted, opened; of those ticked compared, labelled, repeated, tabled, deleted. */

import { html, useEffect, useState } from "../html.js";
import { between, duration, moment } from "../model/times.js";
import { general } from "../model/rounding.js";
import { oneTable } from "../model/tables.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { Icon } from "../parts/icons.js";
import { saveText } from "../parts/saving.js";
import { complain, tell } from "../parts/toasts.js";
import { go } from "../router.js";
import { getJson, patchJson, postJson, remove } from "../service.js";

const STATES = ["queued", "running", "succeeded", "failed", "cancelled"];
const REFRESH_MILLISECONDS = 2000;
const TYPING_MILLISECONDS = 250;
const KEY = "photfit.search";
const SORTS = {
  name: (fit) => (fit.name || "").toLowerCase(), state: (fit) => fit.state, chi2: (fit) => fit.progress?.chi2_reduced ?? Infinity,
  time: (fit) => between(fit.started_at, fit.finished_at) || 0, asked: (fit) => Date.parse(fit.created_at),
};

/** What was searched for stays while the tab does, so that Back finds it. */
function remembered() {
  try {
    return { state: "", words: "", sort: null, ...JSON.parse(sessionStorage.getItem(KEY)) };
  } catch {
    return { state: "", words: "", sort: null };
  }
}

export function History() {
  const [before] = useState(remembered);
  const [state, setState] = useState(before.state);
  const [words, setWords] = useState(before.words);
  const [search, setSearch] = useState(before.words.trim());
  const [sort, setSort] = useState(before.sort);
  const [chosen, setChosen] = useState([]);
  const [more, setMore] = useState([]);
  const [next, setNext] = useState(null);
  const { value, error, again } = useAnswer(() => getJson(address(state, search)), [state, search]);
  useEffect(() => {
    const timer = setTimeout(() => setSearch(words.trim()), TYPING_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [words]);
  useEffect(() => sessionStorage.setItem(KEY, JSON.stringify({ state, words, sort })), [state, words, sort]);
  useEffect(() => {
    setMore([]);
    setNext(value?.next ?? null);
  }, [value]);
  const fits = sorted([...(value?.fits ?? []), ...more], sort);
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
  const ticked = fits.filter(({ id }) => chosen.includes(id));
  const done = ticked.filter((fit) => fit.has_result);
  /** Something done to each, one after the other; what goes wrong with one does not keep the others. */
  const each = async (those, work, told) => {
    const failures = [];
    for (const fit of those) await work(fit).catch((failure) => failures.push(failure));
    if (failures.length) complain(new Error(`${failures.length} of ${those.length} could not be: ${failures[0].message}`));
    else tell(told(those.length));
    again();
  };
  const erase = (those) => {
    const what = those.length === 1 ? `the fit ${those[0].name || those[0].id} and its results` : `${those.length} fits and their results`;
    if (!confirm(`Delete ${what}?`)) return;
    setChosen(chosen.filter((id) => !those.some((fit) => fit.id === id)));
    each(those, (fit) => remove(fit.links.self), (count) => `${count} deleted.`);
  };
  const label = () => {
    const said = prompt("Labels to add, with commas between them");
    const labels = (said ?? "").split(",").map((word) => word.trim()).filter(Boolean);
    if (labels.length) each(ticked, (fit) => patchJson(fit.links.self, { labels: [...new Set([...(fit.labels ?? []), ...labels])] }), (count) => `${count} labelled.`);
  };
  const rerun = () => each(ticked, (fit) => postJson(fit.links.rerun), (count) => `${count} asked for again.`);
  const table = async () => {
    try {
      const rows = await Promise.all(done.map(async (fit) => ({ fit, document: await getJson(fit.links.parameters) })));
      saveText(oneTable(rows), "fits.csv", "text/csv");
    } catch (failure) {
      complain(failure);
    }
  };
  const choose = (id) => setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  const all = fits.length > 0 && fits.every(({ id }) => chosen.includes(id));
  const head = (key, title, number) => html`<th scope="col" class=${number ? "number" : ""} aria-sort=${sort?.key === key ? (sort.down ? "descending" : "ascending") : "none"}>
    <button class="sort" onClick=${() => setSort(sort?.key === key && sort.down ? null : { key, down: sort?.key === key })}>${title}${sort?.key === key ? (sort.down ? " ↓" : " ↑") : ""}</button></th>`;
  return html`<div class="heading"><h1>Fits</h1><div class="actions">
      <input type="search" placeholder="Search names and labels" aria-label="Search" value=${words} onInput=${(event) => setWords(event.target.value)} />
      <select aria-label="State" value=${state} onChange=${(event) => setState(event.target.value)}><option value="">every state</option>${STATES.map((one) => html`<option key=${one} value=${one} selected=${one === state}>${one}</option>`)}</select>
      <button class="primary" disabled=${done.length !== 2 || ticked.length !== 2} onClick=${() => go("compare", ...done.map(({ id }) => id).sort((one, two) => chosen.indexOf(one) - chosen.indexOf(two)))}>Compare two</button></div></div>
    ${ticked.length > 0 && html`<div class="card row" role="group" aria-label="What is ticked"><strong>${ticked.length} ticked</strong>
      <button onClick=${label}>Label</button><button disabled=${done.length === 0} onClick=${table}>One table of values</button><button onClick=${rerun}>Run again</button>
      <button class="danger" onClick=${() => erase(ticked)}>Delete</button><button class="bare" onClick=${() => setChosen([])}>Untick</button></div>`}
    ${fits.length === 0
      ? html`<div class="empty"><p>${state || search ? "No fit matches." : "There are no fits yet."}</p><a class="button primary" href="#/">Begin with an image</a></div>`
      : html`<div class="card scroll" tabindex="0" role="region" aria-label="Fits"><table class="fits"><thead><tr><th scope="col"><input type="checkbox" aria-label="Tick all that are shown" checked=${all} onChange=${() => setChosen(all ? [] : fits.map(({ id }) => id))} /></th><th scope="col"><span class="visually-hidden">Model</span></th>${head("name", "Name")}${head("state", "State")}
          ${head("chi2", "χ²ᵣ", true)}${head("time", "Time", true)}${head("asked", "Asked for")}<th scope="col"><span class="visually-hidden">Delete</span></th></tr></thead>
        <tbody>${fits.map((fit) => html`<${Row} key=${fit.id} fit=${fit} chosen=${chosen.includes(fit.id)} choose=${() => choose(fit.id)} erase=${() => erase([fit])} search=${setWords} />`)}</tbody></table></div>`}
    ${next && html`<div class="row"><button onClick=${load}>Show more</button>${sort && html`<span class="quiet small">Sorted are those that are shown.</span>`}</div>`}`;
}

function sorted(fits, sort) {
  const key = sort && SORTS[sort.key];
  if (!key) return fits;
  return [...fits].sort((one, two) => {
    const [a, b] = [key(one), key(two)];
    return (a < b ? -1 : a > b ? 1 : 0) * (sort.down ? -1 : 1);
  });
}

function Row({ fit, chosen, choose, erase, search }) {
  const name = fit.name || "without a name";
  const previews = Object.values(fit.links.previews)[0];
  return html`<tr>
    <td><input type="checkbox" checked=${chosen} aria-label=${`Compare ${name}`} onChange=${choose} /></td>
    <td>${fit.has_result && previews ? html`<img class="thumbnail" loading="lazy" width="56" height="56" alt="" src=${previews.model} />` : html`<span class="thumbnail"></span>`}</td>
    <th scope="row"><a href=${`#/fits/${fit.id}`}>${name}</a>${(fit.labels ?? []).map((label) => html` <button class="badge" key=${label} title=${`Only those labelled ${label}`} onClick=${() => search(label)}>${label}</button>`)}</th>
    <td><span class="badge ${fit.state}">${fit.state}</span></td>
    <td class="number">${general(fit.progress?.chi2_reduced)}</td>
    <td class="number">${duration(between(fit.started_at, fit.finished_at))}</td>
    <td class="quiet">${moment(fit.created_at)}</td>
    <td><button class="bare icon danger" aria-label=${`Delete ${name}`} title="Delete" onClick=${erase}><${Icon} name="trash" /></button></td></tr>`;
}

function address(state, search) {
  const query = new URLSearchParams({ limit: "50" });
  if (state) query.set("state", state);
  if (search) query.set("search", search);
  return `/v1/fits?${query}`;
}
