/** The model that is being made: a request, and what it began from. It outlives a reload of the page. */

import { createStore, useStore } from "./store.js";

const STEPS = 60;

/** {request, title, proposal, faults} or null. */
const store = createStore(null, "photfit.draft");
let past = [];
let future = [];

export const useDraft = () => useStore(store);
export const getDraft = store.get;

/** Begin another model. */
export function startDraft(draft) {
  past = [];
  future = [];
  store.set({ faults: [], ...draft });
}

/** Change the request; what stood before can be had back. */
export function changeRequest(change) {
  const draft = store.get();
  const request = change(draft.request);
  if (request === draft.request) return;
  past = [...past.slice(-STEPS), draft.request];
  future = [];
  store.set({ ...draft, request, faults: [] });
}

/** Tell what the service had against the request. */
export const setFaults = (faults) => store.set({ ...store.get(), faults });

export const canUndo = () => past.length > 0;
export const canRedo = () => future.length > 0;

export function undo() {
  if (!past.length) return;
  const draft = store.get();
  future = [...future, draft.request];
  store.set({ ...draft, request: past.pop(), faults: [] });
}

export function redo() {
  if (!future.length) return;
  const draft = store.get();
  past = [...past, draft.request];
  store.set({ ...draft, request: future.pop(), faults: [] });
}
