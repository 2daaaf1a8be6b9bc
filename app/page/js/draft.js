/**
 * The models being made: requests, what they began from, and what can be undone. Each is kept in this browser, by its id; a
 * tab has one of them before it. Tabs that have the same one hear of each other's changes at once.
 */

import * as keeping from "./keeping.js";
import { isRequest } from "./model/shape.js";
import { createStore, useStore } from "./store.js";

const STEPS = 200;
const UNTOUCHED_KEPT = 12;
const REST_MILLISECONDS = 150;
const STEPS_IN_A_HURRY = 20;
const TAB = "photfit.draft";
const UNKEPT = "photfit.unkept";
const ACCOUNT = "photfit.account";

/** {id, request, strokes, title, proposal, faults, past, future, touched, files} or null. `strokes` are those painted on each
 * image's mask, by its name; `past` and `future` hold {request, strokes}. */
const store = createStore(null);
const notes = createStore([]);
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("photfit.drafts");
const revisions = new Map();
const unkept = new Map();
let saving = null;
let waiting = null;
let held = null;

export const useDraft = () => useStore(store);
export const getDraft = store.get;

/** What there is to say of drafts that no click asked for: a list of sentences. */
export const draftNotes = notes;

const account = () => localStorage.getItem(ACCOUNT) ?? "";

/** Open what this tab had before it, or else the latest model. */
export async function openDrafts() {
  try {
    await adoptOlder();
    const words = await lastWords();
    if (words) {
      show(words);
      save();
      return;
    }
    const id = sessionStorage.getItem(TAB);
    const latest = id ? null : (await listDrafts())[0];
    const found = (id || latest) && (await keeping.read(id ?? latest.id));
    if (found && found.account === account()) show(found);
  } catch {
    // A browser that keeps nothing, as in some private windows: models then last as long as the tab.
  }
}

/** Models of whoever is signed in, the latest first. */
export async function listDrafts() {
  const mine = account();
  return (await keeping.listed().catch(() => [])).filter((draft) => draft.account === mine);
}

/** Put another of the kept models before this tab. */
export async function openDraft(id) {
  await flush();
  const found = await keeping.read(id);
  if (found) show(found);
}

/** Begin another model; those that there are stay. */
export function startDraft(draft) {
  flush();
  const made = { strokes: {}, proposal: null, files: [], title: "", ...draft };
  put({
    ...made, id: newId(), account: account(), faults: draft.faults ?? [], past: [], future: [], touched: false, revision: 0,
    created_at: Date.now(), saved_at: Date.now(),
  });
  prune();
}

/** Change the request; what stood before can be had back. Changes of one `gesture`, such as a drag, are one step. */
export const changeRequest = (change, gesture = null) => changeModel((model) => ({ ...model, request: change(model.request) }), gesture);

/** Change what is painted on an image's mask. */
export const changeStrokes = (image, change) =>
  changeModel(({ request, strokes }) => ({ request, strokes: { ...strokes, [image]: change(strokes[image] ?? []) } }));

/** Change request and strokes in one step. */
export function changeModel(change, gesture = null) {
  const draft = store.get();
  const before = { request: draft.request, strokes: draft.strokes };
  const after = change(before);
  if (after.request === before.request && after.strokes === before.strokes) return;
  const goesOn = gesture !== null && gesture === held;
  held = gesture;
  put({ ...draft, ...after, past: goesOn ? draft.past : [...draft.past, before].slice(-STEPS), future: [], faults: [], touched: true });
}

/** Another name for a step that several changes make. */
let gestures = 0;
export const newGesture = () => `gesture ${(gestures += 1)}`;

/** Tell what the service had against the request. */
export const setFaults = (faults) => store.get() && put({ ...store.get(), faults });

/** Uploads that belong to this model, whether or not its request names them. */
export const addFiles = (ids) => put({ ...store.get(), files: [...new Set([...(store.get().files ?? []), ...ids])] });

export const canUndo = () => (store.get()?.past.length ?? 0) > 0;
export const canRedo = () => (store.get()?.future.length ?? 0) > 0;

export const undo = () => step("past", "future");
export const redo = () => step("future", "past");

function step(from, to) {
  const draft = store.get();
  if (!draft?.[from].length) return;
  held = null;
  const now = { request: draft.request, strokes: draft.strokes };
  put({ ...draft, ...draft[from].at(-1), [from]: draft[from].slice(0, -1), [to]: [...draft[to], now], faults: [] });
}

/** Forget one model, by default that before this tab. */
export async function forgetDraft(id = store.get()?.id) {
  if (!id) return;
  if (store.get()?.id === id) leave();
  await keeping.erase(id).catch(() => {});
  channel?.postMessage({ gone: id });
}

/** Forget everything that is somebody's: for the end of a session. */
export async function forgetEverything() {
  leave();
  localStorage.removeItem(ACCOUNT);
  for (const key of Object.keys(sessionStorage)) if (key.startsWith("photfit.")) sessionStorage.removeItem(key);
  await keeping.eraseAll().catch(() => {});
  channel?.postMessage({ gone: "all" });
}

/** Say whose models are shown and kept from now on. */
export async function signedInAs(id) {
  if (account() === id) return;
  await flush();
  leave();
  localStorage.setItem(ACCOUNT, id);
  await openDrafts();
}

/** The end of what is still being kept. */
export async function flush() {
  if (waiting) {
    clearTimeout(waiting);
    waiting = null;
    save();
  }
  await saving;
}

function leave() {
  clearTimeout(waiting);
  waiting = null;
  sessionStorage.removeItem(TAB);
  store.set(null);
}

function show(draft) {
  if (!isRequest(draft.request)) {
    notes.set([...notes.get(), `The model “${draft.title || "without a name"}” cannot be read any more, and was set aside.`]);
    return;
  }
  revisions.set(draft.id, draft.revision);
  held = null;
  sessionStorage.setItem(TAB, draft.id);
  store.set({ faults: [], strokes: {}, files: [], ...draft });
}

function put(draft) {
  sessionStorage.setItem(TAB, draft.id);
  store.set(draft);
  // Within a gesture only where it rests; else at once.
  clearTimeout(waiting);
  if (held) waiting = setTimeout(() => { waiting = null; save(); }, REST_MILLISECONDS);
  else save();
}

/** One after the other, and of one model the newest state alone where several wait. */
function save() {
  const draft = store.get();
  if (draft) unkept.set(draft.id, draft);
  saving ??= keepAll().finally(() => (saving = null));
}

async function keepAll() {
  while (unkept.size) {
    const [[id, draft]] = unkept;
    unkept.delete(id);
    await keep(draft);
  }
}

async function keep(draft) {
  const basis = revisions.get(draft.id) ?? 0;
  const next = { ...draft, revision: basis + 1, saved_at: Date.now() };
  try {
    if (!(await keeping.write(next, basis))) return fork(draft);
    revisions.set(draft.id, next.revision);
    channel?.postMessage({ kept: next });
  } catch {
    // Nothing can be kept here: the model lasts as long as the tab.
  }
  return undefined;
}

/** Go on with a copy, where another tab has kept another state of the same model. */
function fork(draft) {
  if (store.get()?.id !== draft.id) return;
  notes.set([...notes.get(), "Another tab changed this model, too: here it goes on as a copy, and both are kept."]);
  put({ ...store.get(), id: newId(), title: `${draft.title || "model"} (copy)` });
}

channel?.addEventListener("message", ({ data: { kept, gone } }) => {
  const draft = store.get();
  if (!draft) return;
  if (gone === "all" || gone === draft.id) leave();
  else if (kept?.id === draft.id && !waiting && !unkept.has(kept.id)) show(kept);
});

// A page that goes has no time for the database: what is not kept yet goes over in the tab's own storage.
addEventListener("pagehide", () => {
  const draft = store.get();
  if (draft && (waiting || unkept.has(draft.id) || saving)) {
    try {
      const basis = revisions.get(draft.id) ?? 0;
      sessionStorage.setItem(UNKEPT, JSON.stringify({ ...draft, past: draft.past.slice(-STEPS_IN_A_HURRY), future: [], revision: basis }));
    } catch {
      // Too much for that storage: what the database has is there.
    }
  }
  flush();
});

/** What a page that went may not have kept any more, where no other tab has gone on from it. */
async function lastWords() {
  const text = sessionStorage.getItem(UNKEPT);
  sessionStorage.removeItem(UNKEPT);
  const draft = text && JSON.parse(text);
  if (!draft || draft.account !== account()) return null;
  const revision = (await keeping.read(draft.id))?.revision ?? 0;
  // One more is what the page itself was keeping when it went.
  return revision - draft.revision <= 1 ? { ...draft, revision } : null;
}

/** The one draft that earlier versions of this page kept. */
async function adoptOlder() {
  const text = localStorage.getItem(TAB);
  if (text === null) return;
  localStorage.removeItem(TAB);
  const older = JSON.parse(text);
  if (isRequest(older?.request)) {
    startDraft({ request: older.request, title: older.title || older.request.name || "", proposal: older.proposal });
    await flush();
  }
}

/** Let go of models that nobody has touched, but for the latest. */
async function prune() {
  await flush();
  const untouched = (await listDrafts()).filter(({ touched, id }) => !touched && id !== store.get()?.id);
  const ids = untouched.slice(UNTOUCHED_KEPT).map(({ id }) => id);
  if (ids.length) await keeping.erase(...ids).catch(() => {});
}

/** A name that no other draft has; on plain http browsers have no randomUUID. */
const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
