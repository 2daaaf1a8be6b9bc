/** Use for many: a model fitted to every row of a table, or to all that was found in its image. */

import { getDraft, useDraft } from "../draft.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { candidates, catalogueOf, csvOf, guessed, missing, objectOf, rowsOfSources, settable } from "../model/many.js";
import { sentence } from "../model/faults.js";
import { frameOf } from "../model/forms.js";
import { reference } from "../model/requests.js";
import { duration } from "../model/times.js";
import { Failure, useAnswer, Waiting } from "../parts/asking.js";
import { NumberField } from "../parts/number-field.js";
import { complain } from "../parts/toasts.js";
import { go } from "../router.js";
import { proposalOf } from "../searching.js";
import { loadCatalogue, postJson, upload } from "../service.js";
import { settled } from "../settling.js";

const MOST_INLINE = 1000;
const PAUSE_MILLISECONDS = 500;
const NEIGHBOURS = { ignore: "ignored", mask: "masked", fit: "fitted along" };
const SOURCES = { pixels: "found in the row's pixels", model: "as in the model" };

export function Many({ route: [chosen] }) {
  const draft = useDraft();
  const known = useAnswer(loadCatalogue, []);
  if (!draft) return html`<div class="empty"><p>Begin with a model of one object: fit it, or look for sources in an image. Then use it for many.</p><a class="button primary" href="#/">Begin with an image</a></div>`;
  if (known.error) return html`<${Failure} ...${known} />`;
  if (!known.value) return html`<${Waiting} what="Asking for the profiles" />`;
  return html`<${Form} request=${draft.request} proposal=${draft.proposal} profiles=${known.value.profiles} chosen=${chosen} />`;
}

function Form({ request, proposal, profiles, chosen }) {
  const [table, setTable] = useState(null);
  const [archive, setArchive] = useState(null);
  const [cutColumn, setCutColumn] = useState(null);
  const [parts, setParts] = useState(() => objectOf(request, profiles, chosen));
  const [places, setPlaces] = useState({ kind: "pixel", x: null, y: null, one: false });
  const [size, setSize] = useState({ pixels: 64 });
  const [values, setValues] = useState({});
  const [neighbours, setNeighbours] = useState("ignore");
  const [busy, setBusy] = useState(null);
  const [error, setError] = useState(null);
  const numbers = table ? Object.entries(table.columns).filter(([, kind]) => kind === "number").map(([name]) => name) : [];
  useEffect(() => {
    if (!table) return;
    const found = guessed(numbers, request, profiles, parts);
    setPlaces(found.places);
    setValues(found.values);
    setSize(found.size);
  }, [table, parts]);
  const during = async (what, work) => {
    setBusy(what);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
    }
    setBusy(null);
  };
  const takeTable = (file) => during(`Reading ${file.name}`, async () => {
    const sent = await upload(file, file.name);
    if (!sent.description.columns) throw new Error(`${file.name} is no table that can be read: CSV, ECSV, a FITS table, Parquet or VOTable can.`);
    setTable({ title: file.name, count: sent.description.rows, columns: sent.description.columns, objects: { upload: sent.id } });
  });
  const takeSources = (sources) => during("Making a table of them", async () => {
    const rows = rowsOfSources(sources);
    if (!rows.length) throw new Error("Nothing was found in the image.");
    setNeighbours("fit");
    const columns = Object.fromEntries(Object.keys(rows[0]).map((name) => [name, name === "id" ? "text" : "number"]));
    const objects = rows.length > MOST_INLINE ? { upload: (await upload(new Blob([csvOf(rows)]), "found.csv")).id } : { rows };
    setTable({ title: "what was found in the image", count: rows.length, columns, objects });
  });
  const find = () => during("Looking for sources", async () => {
    const file = reference(request.images[0].data);
    const tell = ({ progress }) => progress && setBusy(progress.message);
    const found = await proposalOf(file.upload, { ...(file.hdu !== undefined && { hdu: file.hdu }) }, tell);
    setBusy(null);
    await takeSources(found.sources);
  });
  const takeArchive = (file) => during(`Sending ${file.name}`, async () => {
    const sent = await upload(file, file.name);
    setArchive({ title: file.name, id: sent.id, members: sent.description.members ?? null });
  });
  const texts = table ? Object.keys(table.columns).filter((name) => !numbers.includes(name)) : [];
  const cutouts = archive && { files: archive.id, column: cutColumn ?? texts.find((name) => /file|cutout|path|image/i.test(name)) ?? texts[0] ?? null, ...archive.planes };
  const choices = { objects: table?.objects, places, size, parts, values, neighbours, cutouts, name: request.name };
  const lacks = missing(choices);
  const { plan, refusal, asking } = usePlan(request, choices, lacks.length === 0);
  const start = () => during("Asking", async () => go("catalogues", (await postJson("/v1/catalogues", await asked(choices))).id));
  const option = (value, words, selected) => html`<option key=${value} value=${value} selected=${selected}>${words}</option>`;
  const columnChoice = (label, value, onPick, columns = numbers) => html`<label class="field">${label}<select value=${value ?? ""} onChange=${(event) => onPick(event.target.value || null)}>
    ${option("", "choose…", !value)}${columns.map((name) => option(name, name, name === value))}</select></label>`;
  const [across, up] = places.kind === "sky" ? ["right ascension", "declination"] : ["x", "y"];
  return html`<div class="narrow stack">
    <div class="heading"><h1>Use this model for many</h1><div class="actions"><a class="button" href="#/model">Back to the model</a>
      <button class="primary" disabled=${busy !== null || lacks.length > 0 || !plan} onClick=${start}>${plan ? `Fit ${plan.rows.toLocaleString()} objects` : "Fit them"}</button></div></div>
    <p class="quiet">Every row of a table is fitted with this model, each in a window of its own; the answer is one table.</p>
    ${error && html`<${Failure} error=${error} />`}
    ${busy && html`<p class="note" role="status">${busy}…</p>`}
    <section class="card stack"><h2>1. The objects</h2>
      <div class="row"><${FileButton} words="Choose a table" label="Table of objects" onFile=${takeTable} disabled=${busy !== null} />
        ${proposal?.sources?.length ? html`<button disabled=${busy !== null} onClick=${() => takeSources(proposal.sources)}>The ${proposal.sources.length} sources that were found</button>`
          : html`<button disabled=${busy !== null} onClick=${find}>Look for sources in the image</button>`}</div>
      <p class="quiet small">CSV, ECSV, a FITS table, Parquet or VOTable, with a row for each object.</p>
      ${table && html`<p class="note good" role="status">${table.title}: ${table.count.toLocaleString()} rows, ${Object.keys(table.columns).length} columns (${Object.keys(table.columns).slice(0, 12).join(", ")}${Object.keys(table.columns).length > 12 ? ", …" : ""})</p>`}</section>
    <section class="card stack"><h2>2. The object in the model</h2>
      <div class="row" role="group" aria-label="Components of the object">${candidates(request, profiles).map(({ name, profile }) => html`<label class="choice" key=${name}><input type="checkbox" checked=${parts.includes(name)}
        onChange=${() => setParts(parts.includes(name) ? parts.filter((each) => each !== name) : [...parts, name])} />${name} <span class="quiet">${profile}</span></label>`)}</div>
      <p class="quiet small">The sky and the PSF stay; other components are left out.</p></section>
    ${table && html`<section class="card stack"><h2>3. Where each one is</h2>
      <div class="row"><div class="segments" role="group" aria-label="Positions"><button aria-pressed=${places.kind === "pixel"} onClick=${() => setPlaces({ kind: "pixel", x: null, y: null, one: false })}>in pixels</button>
          <button aria-pressed=${places.kind === "sky"} onClick=${() => setPlaces({ kind: "sky", x: null, y: null, one: false })}>on the sky</button></div>
        ${columnChoice(across, places.x, (x) => setPlaces({ ...places, x }))}${columnChoice(up, places.y, (y) => setPlaces({ ...places, y }))}
        ${places.kind === "pixel" && html`<label class="choice"><input type="checkbox" checked=${places.one} onChange=${() => setPlaces({ ...places, one: !places.one })} />the first pixel is 1, as SExtractor and FITS count</label>`}</div>
      ${frameOf(request) !== (places.kind === "sky" ? "sky" : "pixel") && html`<p class="small note warn">The model counts ${frameOf(request) === "sky" ? "on the sky" : "in pixels"}: these columns place the windows, and the centre in each is found in its pixels.</p>`}
      <div class="row"><label class="field">Window, pixels along a side<span class="cut"><${NumberField} value=${size.pixels ?? null} onValue=${(pixels) => pixels >= 8 && setSize({ pixels: Math.round(pixels) })} /></span></label>
        <label class="field">or as large as<select value=${size.of ?? ""} onChange=${(event) => setSize(event.target.value ? { times: 8, of: event.target.value } : { pixels: 64 })}>${option("", "the same for all", !size.of)}${numbers.map((name) => option(name, `8 × ${name}, in pixels (32 to 256)`, name === size.of))}</select></label>
        <label class="field">Other rows nearby are<select value=${neighbours} onChange=${(event) => setNeighbours(event.target.value)}>${Object.entries(NEIGHBOURS).map(([key, words]) => option(key, words, key === neighbours))}</select></label></div>
      <details><summary>The pixels are cutouts in an archive, not this image</summary><div class="stack tight">
        <div class="row"><${FileButton} words="Choose a zip or tar" label="Archive of cutouts" onFile=${takeArchive} disabled=${busy !== null} />
        ${archive && html`<span class="small">${archive.title}${archive.members ? `: ${archive.members} files` : ""}</span><button class="bare" onClick=${() => setArchive(null)}>None</button>`}</div>
        ${archive && html`<div class="row">${columnChoice("file of each row", cutouts.column, setCutColumn, texts)}
          ${["data", "variance", "psf"].map((plane) => html`<label class="field" key=${plane}>${plane === "data" ? "HDU of the data" : `HDU of the ${plane}, if there is one`}<input size="8" value=${archive.planes?.[plane] ?? ""} onInput=${(event) => setArchive({ ...archive, planes: { ...archive.planes, [plane]: event.target.value.trim() || undefined } })} /></label>`)}</div>`}</div></details></section>
    <section class="card stack"><h2>4. What each begins from</h2><p class="quiet small">First values of a row. What is found in its pixels costs nothing and is usually good. What was guessed of a column's name is said.</p>
      <div class="scroll" tabindex="0" role="region" aria-label="First values"><table><thead><tr><th scope="col">parameter</th><th scope="col">first value</th><th scope="col">guessed</th></tr></thead><tbody>${settable(request, profiles, parts).map(({ name, key, unit, description }) => {
        const full = `${name}.${key}`;
        return html`<${ValueRow} key=${full} name=${full} unit=${unit} description=${description} source=${values[full] ?? { from: "pixels" }} columns=${numbers}
          inModel=${key in (request.components.find((each) => each.name === name)?.parameters ?? {})} put=${(source) => setValues({ ...values, [full]: source })} />`;
      })}</tbody></table></div></section>`}
    <section class="card stack" aria-live="polite"><h2>What it would do</h2>
      ${lacks.length > 0 ? html`<ul class="stack tight">${lacks.map((each) => html`<li class="small" key=${each}>${each}</li>`)}</ul>` : asking && !plan ? html`<p class="small">Asking…</p>` : null}
      ${refusal && html`<div class="note bad" role="alert">${refusal.faults?.length ? html`<ul class="stack tight">${refusal.faults.map((fault) => html`<li><code>${fault.path.replace(/^\$\.?/, "")}</code> ${sentence(fault)}</li>`)}</ul>` : refusal.message}</div>`}
      ${plan && html`<p>${plan.rows.toLocaleString()} rows in ${plan.parts} ${plan.parts === 1 ? "part" : "parts"}, windows of ${plan.shapes.join(", ")} pixels, about ${duration(plan.estimated_seconds)} of one core${plan.queue.position > 1 ? `, number ${plan.queue.position} in line` : ""}.</p>
        ${plan.warnings.map((warning) => html`<p class="note warn" key=${warning}>${warning}</p>`)}
        <details><summary>The request</summary><pre tabindex="0" aria-label="Request">${JSON.stringify(catalogueOf(request, choices), (key, value) => (key === "rows" && Array.isArray(value) && value.length > 3 ? [...value.slice(0, 3), `… ${value.length} in all`] : value), 2)}</pre></details>`}</section>
  </div>`;
}

/** The request of the catalogue, with what is painted on its masks. */
const asked = async (choices) => catalogueOf(await settled(getDraft()), choices);

/** {plan, refusal, asking} of a catalogue, asked for anew when the choices change. */
function usePlan(request, choices, wanted) {
  const [found, setFound] = useState({ plan: null, refusal: null, asking: false });
  const key = useMemo(() => (wanted ? JSON.stringify(catalogueOf(request, choices)) : null), [request, JSON.stringify(choices), wanted]);
  const last = useRef(null);
  useEffect(() => {
    last.current?.abort();
    setFound({ plan: null, refusal: null, asking: Boolean(key) });
    if (!key) return undefined;
    const stopper = new AbortController();
    last.current = stopper;
    const timer = setTimeout(async () => {
      try {
        setFound({ plan: await postJson("/v1/catalogues?dry_run=true", await asked(choices), { signal: stopper.signal }), refusal: null, asking: false });
      } catch (failure) {
        if (failure.name !== "AbortError") setFound({ plan: null, refusal: failure, asking: false });
        if (failure.status === 0) complain(failure);
      }
    }, PAUSE_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      stopper.abort();
    };
  }, [key]);
  return found;
}

/** One parameter: where its first value comes from. */
function ValueRow({ name, unit, description, source, columns, inModel, put }) {
  const chosen = source.from === "column" ? `column ${source.column}` : source.from;
  const pick = (value) => {
    if (value.startsWith("column ")) put({ from: "column", column: value.slice(7) });
    else put({ from: value, ...(value === "formula" && { formula: source.column ? `row.${source.column}` : "" }) });
  };
  const option = (value, words) => html`<option key=${value} value=${value} selected=${value === chosen}>${words}</option>`;
  return html`<tr><th scope="row"><code title=${description}>${name}</code>${unit && html` <span class="quiet">${unit}</span>`}</th>
    <td><div class="row"><select aria-label=${`First value of ${name}`} value=${chosen} onChange=${(event) => pick(event.target.value)}>
      ${option("pixels", SOURCES.pixels)}${inModel && option("model", SOURCES.model)}${columns.map((each) => option(`column ${each}`, `column ${each}`))}${option("formula", "a formula of columns…")}</select>
      ${source.from === "formula" && html`<input aria-label=${`Formula of ${name}`} placeholder="row.B / row.A" spellcheck="false" value=${source.formula ?? ""} onChange=${(event) => put({ from: "formula", formula: event.target.value })} />`}</div></td>
    <td class="quiet">${source.why ?? ""}</td></tr>`;
}

function FileButton({ words, label, onFile, disabled }) {
  const input = useRef(null);
  const taken = (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) onFile(file);
  };
  return html`<button disabled=${disabled} onClick=${() => input.current.click()}>${words}</button>
    <input type="file" class="visually-hidden" tabindex="-1" aria-label=${label} ref=${input} onChange=${taken} />`;
}
