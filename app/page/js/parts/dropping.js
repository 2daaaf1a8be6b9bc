/** Files dropped anywhere on the page, or chosen: sent one by one with what has gone up, and the way to stop. */

import { addFiles, getDraft } from "../draft.js";
import { html, useEffect, useRef } from "../html.js";
import { kindOfText } from "../model/dropped-texts.js";
import { go, parts } from "../router.js";
import { sendFile } from "../service.js";
import { createStore, useStore } from "../store.js";

/** [{name, share, error, stop}] of what goes up, and of what could not be taken. */
const sending = createStore([]);

const change = (id, changes) => sending.set((rows) => rows.map((row) => (row.id === id ? { ...row, ...changes } : row)));
const dismiss = (id) => sending.set((rows) => rows.filter((row) => row.id !== id));

let number = 0;

/** Whether a text is a model of GALFIT or imfit, or another text that belongs to one, by what it is called and begins with. */
const isText = async (file) => {
  if (file.size > 4_000_000) return false;
  const bytes = new Uint8Array(await file.slice(0, 512).arrayBuffer());
  return bytes.length > 0 && bytes.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte !== 127));
};

/** Texts that were dropped beside images, by the files view's route: they are read here, and not kept by the service. */
export const texts = createStore({});

/** Send files; the view of what they hold opens, with those of `beside` too. On the model they are added to its files. */
export async function take(files, beside = []) {
  const ids = [];
  if (parts()[0] !== "files") texts.set({});
  for (const file of files) {
    const isFits = new TextDecoder("latin1").decode(await file.slice(0, 9).arrayBuffer()).startsWith("SIMPLE  =");
    if (!isFits && (await isText(file)) && looksLikeModel(file.name, await file.text())) {
      const text = await file.text();
      texts.set((before) => ({ ...before, [file.name]: text }));
      continue;
    }
    const id = (number += 1);
    const stopper = new AbortController();
    sending.set((rows) => [...rows, { id, name: file.name, share: 0, error: null, stop: () => stopper.abort() }]);
    try {
      ids.push((await sendFile(file, file.name, (share) => change(id, { share }), stopper.signal)).id);
      dismiss(id);
    } catch (error) {
      if (error.name === "AbortError") dismiss(id);
      else change(id, { error: error.message, share: 1 });
    }
  }
  const all = [...new Set([...beside, ...ids])];
  if (parts()[0] === "model" && getDraft()) {
    if (ids.length) addFiles(ids);
  } else if (all.length || Object.keys(texts.get()).length) go("files", ...(all.length ? all : ["texts"]));
}

/** A text that is no list of numbers, so that it may be a model, its constraints or regions. */
const looksLikeModel = (name, text) => kindOfText(text) !== null ||
  /\.(feedme|input|constraints?|dat|reg|crtf|imfit|conf(ig)?|in|\d\d)$/i.test(name) || /^\s*(A\)|FUNCTION |X0\s|# IMAGE and GALFIT)/m.test(text)
  || /galfit/i.test(name);

/** Drops on any part of the page, so that no browser opens a file in its place. */
export function useDroppedFiles(beside) {
  useEffect(() => {
    const over = (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    };
    const out = (event) => event.relatedTarget === null && document.body.classList.remove("dropping");
    const drop = (event) => {
      document.body.classList.remove("dropping");
      const files = [...(event.dataTransfer?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      take(files, beside);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", out);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", out);
      removeEventListener("drop", drop);
    };
  }, [beside.join("/")]);
}

export function Sending() {
  const rows = useStore(sending);
  if (!rows.length) return null;
  return html`<ul class="card stack" aria-label="Files that are sent">${rows.map(({ id, name, share, error, stop }) => html`<li key=${id} class="stack tight">
    <div class="row split"><strong>${name}</strong>${error
      ? html`<button class="bare" onClick=${() => dismiss(id)}>Dismiss</button>`
      : html`<span class="quiet small numbers">${share < 1 ? `${Math.round(100 * share)} % sent` : "the service reads it"}</span>
        <button onClick=${stop}>Stop</button>`}</div>
    ${error ? html`<p class="note bad" role="alert">${error}</p>`
      : html`<progress max="1" value=${share < 1 ? share : undefined} aria-label=${`Sending ${name}`}></progress>`}</li>`)}</ul>`;
}

/** Whether anything is on its way. */
export const useSending = () => useStore(sending).some(({ error }) => error === null);

/** A button that opens the browser's choice of files. */
export function Choosing({ beside = [], primary = false, disabled = false, children }) {
  const input = useRef(null);
  const chosen = (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    if (files.length) take(files, beside);
  };
  return html`<button class=${primary ? "primary large" : ""} disabled=${disabled} onClick=${() => input.current.click()}>${children}</button>
    <input type="file" multiple class="visually-hidden" tabindex="-1" aria-label="Files" ref=${input} onChange=${chosen} />`;
}
