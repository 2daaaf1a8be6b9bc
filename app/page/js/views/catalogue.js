/** A catalogue: how far it is, its table sorted and filtered, two columns against each other, and a row's images. */

import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { columnsOf, flagCounts, ordered, passing, shownFirst } from "../model/columns.js";
import { duration } from "../model/times.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { Figures } from "../parts/column-figures.js";
import { Icon } from "../parts/icons.js";
import { RowPanel } from "../parts/row-panel.js";
import { RowsTable } from "../parts/rows-table.js";
import { Sharing } from "../parts/sharing.js";
import { TableFilters } from "../parts/table-filters.js";
import { AskToNotify, useTidings } from "../parts/tidings.js";
import { complain } from "../parts/toasts.js";
import { go } from "../router.js";
import { getJson, postJson, remove } from "../service.js";

const FINAL = ["succeeded", "failed", "cancelled"];
const FORMATS = ["csv", "ecsv", "fits", "votable", "parquet"];
const MOST_ROWS = 50_000;
const PAGE_ROWS = 10_000;
const RELOAD_MILLISECONDS = 5000;
const WORST_FIRST = { key: "chi2_reduced", down: true };

export function Catalogue({ id }) {
  const address = `/v1/catalogues/${encodeURIComponent(id)}`;
  const [catalogue, setCatalogue] = useState(null);
  const [error, setError] = useState(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let source = null;
    let wanted = true;
    const hear = (event) => wanted && setCatalogue(JSON.parse(event.data));
    getJson(address).then((found) => {
      if (!wanted) return;
      setCatalogue(found);
      if (FINAL.includes(found.state)) return;
      source = new EventSource(found.links.events);
      source.addEventListener("catalogue", hear);
      source.addEventListener("finished", (event) => {
        source.close();
        hear(event);
      });
    }).catch((failure) => wanted && setError(failure));
    return () => {
      wanted = false;
      source?.close();
    };
  }, [address, round]);
  useTidings(catalogue && { ...catalogue, progress: { fraction: (catalogue.rows.fitted + catalogue.rows.failed) / catalogue.rows.total } });
  if (error) return html`<${Failure} error=${error} />`;
  if (!catalogue) return html`<${Waiting} what="Asking for the catalogue" />`;
  return html`<${Whole} catalogue=${catalogue} again=${() => setRound(round + 1)} />`;
}

function Whole({ catalogue, again }) {
  const { name, state, rows, rate, links } = catalogue;
  const running = !FINAL.includes(state);
  const flags = useAnswer(() => getJson("/v1/flags"), []).value ?? [];
  const { table, left, error, loading } = useTable(catalogue);
  const act = async (work) => {
    try {
      await work();
    } catch (failure) {
      complain(failure);
    }
  };
  const cancel = () => act(async () => { await postJson(links.cancel); again(); });
  const retry = () => act(async () => { await postJson(links.retry, {}); again(); });
  const rerun = () => act(async () => go("catalogues", (await postJson(links.rerun)).id));
  const erase = () => confirm(`Delete ${name || "this catalogue"} and its table?`) && act(async () => { await remove(links.self); go("catalogues"); });
  const done = rows.fitted + rows.failed;
  return html`<div class="heading"><h1>${name || "Many objects"}</h1><span class="badge ${state}">${state}</span>
      <div class="actions">${running ? html`<${AskToNotify} /><button class="danger" onClick=${cancel}><${Icon} name="stop" />Cancel</button>`
        : html`${rows.failed > 0 && html`<button onClick=${retry}><${Icon} name="again" />Fit the ${rows.failed.toLocaleString()} failed again</button>`}
          <button onClick=${rerun}><${Icon} name="play" />Run it all again</button>
          <button class="bare icon danger" aria-label="Delete this catalogue" title="Delete" onClick=${erase}><${Icon} name="trash" /></button>`}</div></div>
    ${catalogue.error && html`<div class="note bad" role="alert"><strong>${catalogue.error.title}.</strong> ${catalogue.error.detail}</div>`}
    ${catalogue.warnings.map((warning) => html`<p class="note warn" key=${warning}>${warning}</p>`)}
    <section class="card stack"><div class="figures">
        ${[["total", "rows"], ["fitted", "fitted"], ["flagged", "with a flag"], ["failed", "failed"], ...(running ? [["waiting", "waiting"], ["running", "in hand"]] : [])].map(([key, words]) => html`<div class="figure" key=${key}><b>${rows[key].toLocaleString()}</b><span>${words}</span></div>`)}
        <div class="figure"><b>${rate ? Number(rate.toPrecision(3)) : "–"}</b><span>rows a second</span></div></div>
      ${running && html`<progress max=${rows.total} value=${done} aria-label="Rows that are done"></progress>
        <p class="quiet small" role="status">${done.toLocaleString()} of ${rows.total.toLocaleString()} done${catalogue.eta_seconds ? `, about ${duration(catalogue.eta_seconds)} left` : ""}. The table below fills as it goes; this page may be closed.</p>`}
      <div class="row"><span class="quiet small">The table as</span>${FORMATS.map((form) => html`<a class="button" key=${form} href=${`${links.table}?format=${form}`} download>${form}</a>`)}</div></section>
    <${Sharing} address=${links.self} />
    ${error && html`<${Failure} error=${error} />`}
    ${left > 0 && html`<p class="note warn">These are the first ${table.length.toLocaleString()} rows of ${rows.total.toLocaleString()} (${left.toLocaleString()} are not shown): a browser holds no more. Sorting and filters are of those; the files above have all.</p>`}
    ${table?.length ? html`<${Looking} catalogue=${catalogue} again=${again} table=${table} flags=${flags} />` : loading || running ? html`<${Waiting} what=${running ? "No row is done yet" : "Fetching the table"} />` : html`<div class="empty">No row has an answer.</div>`}`;
}

/** {table, left, error, loading}: the rows that are done; of a running catalogue again now and then. */
function useTable(catalogue) {
  const [found, setFound] = useState({ table: null, left: 0, error: null, loading: true });
  const { rows, state, links, retries } = catalogue;
  const done = rows.fitted + rows.failed;
  const last = useRef({ at: 0, done: -1, timer: 0 });
  useEffect(() => {
    if (done === 0) return undefined;
    const load = async () => {
      last.current.at = Date.now();
      try {
        setFound({ ...(await loadTable(links.table, rows.total)), error: null, loading: false });
      } catch (error) {
        setFound((before) => ({ ...before, error, loading: false }));
      }
    };
    const wait = FINAL.includes(state) ? 0 : Math.max(0, last.current.at + RELOAD_MILLISECONDS - Date.now());
    const timer = setTimeout(load, wait);
    return () => clearTimeout(timer);
  }, [done, state, retries]);
  return done === 0 ? { ...found, loading: false } : found;
}

async function loadTable(address, total) {
  const rows = [];
  let next = `${address}?limit=${PAGE_ROWS}`;
  const numbers = [];
  let columns = [];
  while (next && rows.length < MOST_ROWS) {
    const page = await getJson(next);
    columns = page.columns;
    rows.push(...page.rows);
    numbers.push(...page.numbers);
    next = page.next;
  }
  return { table: { ...columnsOf(columns, rows), numbers }, left: next ? total - rows.length : 0 };
}

function Looking({ catalogue, again, table, flags }) {
  const [sort, setSort] = useState(WORST_FIRST);
  const [filter, setFilter] = useState({ bits: null, ranges: [], words: "" });
  const [shown, setShown] = useState(null);
  const [chosen, choose] = useState(null);
  const columns = shown ?? shownFirst(table);
  const kept = useMemo(() => passing(table, filter), [table, filter]);
  const rows = useMemo(() => ordered(table, kept, sort), [table, kept, sort]);
  const counts = useMemo(() => flagCounts(table, flags), [table, flags]);
  const chosenFlags = flags.filter(({ bit }) => bit & filter.bits).map(({ name }) => name);
  const repeat = async () => {
    try {
      await postJson(catalogue.links.retry, { flags: chosenFlags });
      again();
    } catch (failure) {
      complain(failure);
    }
  };
  const at = chosen === null ? -1 : rows.indexOf(chosen);
  return html`<section class="card stack"><h2>Table</h2>
      <${TableFilters} table=${table} counts=${counts} filter=${filter} setFilter=${setFilter} columns=${columns} setColumns=${setShown} />
      ${chosenFlags.length > 0 && FINAL.includes(catalogue.state) && html`<div class="row"><button onClick=${repeat}>Fit the rows with ${chosenFlags.length === 1 ? "this flag" : "these flags"} again</button></div>`}
      <p class="small quiet" role="status">${rows.length === table.length ? `${table.length.toLocaleString()} rows` : `${rows.length.toLocaleString()} of ${table.length.toLocaleString()} rows`}${sort ? `, by ${sort.key}, ${sort.down ? "the largest" : "the smallest"} first` : ", in the order of the input"}</p>
      <${RowsTable} table=${table} rows=${rows} columns=${columns} flags=${flags} sort=${sort} setSort=${setSort} chosen=${chosen} choose=${choose} /></section>
    ${chosen !== null && html`<${RowPanel} catalogue=${catalogue} table=${table} number=${chosen} flags=${flags} close=${() => choose(null)}
      before=${at > 0 ? () => choose(rows[at - 1]) : null} after=${at >= 0 && at < rows.length - 1 ? () => choose(rows[at + 1]) : null} />`}
    <${Figures} table=${table} rows=${kept} chosen=${chosen} choose=${choose} />`;
}
