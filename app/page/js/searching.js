/** Searches for sources, which the service carries out by itself: begun, followed to their end, and found again after a reload. */

import { getJson, postJson, Problem } from "./service.js";

const LOOK_MILLISECONDS = 700;
const BEGUN = "photfit.sources";
const OPEN = ["queued", "running"];

export const isOpen = ({ state }) => OPEN.includes(state);

/** A search as the service has it, once it was begun. */
export const beginSearch = (upload, body) => postJson(`/v1/uploads/${encodeURIComponent(upload)}/searches`, body);

/** Ask for the end of a search; one that has just ended by itself needs no other. */
export async function stopSearch(search) {
  try {
    await postJson(search.links.cancel);
  } catch (error) {
    if (error.status !== 409) throw error;
  }
}

/**
 * What a search found once it has succeeded, null where it was cancelled, or `signal` says that nobody waits any more;
 * raises its Problem where it failed. `onChange` hears of it, and of whether the service is lost, meanwhile.
 */
export async function foundBy(search, onChange = (_search, _lost) => {}, signal = null) {
  let [now, lost] = [search, false];
  while (isOpen(now)) {
    onChange(now, lost);
    await new Promise((done) => setTimeout(done, LOOK_MILLISECONDS));
    if (signal?.aborted) return null;
    try {
      [now, lost] = [await getJson(search.links.self), false];
    } catch (error) {
      // A service that is away comes back, and the search is still there.
      if (error.status !== 0 && error.status !== 503) throw error;
      lost = true;
    }
  }
  if (signal?.aborted || now.state === "cancelled") return null;
  if (now.state === "failed") throw new Problem(now.error);
  return getJson(now.links.proposal);
}

/** The proposal for an upload, found by a search that is waited for. */
export async function proposalOf(upload, body, onChange) {
  const proposal = await foundBy(await beginSearch(upload, body), onChange);
  if (!proposal) throw new Problem({ title: "Stopped", detail: "The search for sources was cancelled." });
  return proposal;
}

/** Keep what this tab has begun: the search's id, its files, and what was chosen beside it. */
export const keepBegun = (begun) => sessionStorage.setItem(BEGUN, JSON.stringify(begun));

export const forgetBegun = () => sessionStorage.removeItem(BEGUN);

/** What this tab had begun for these files, if anything. */
function begunFor(files) {
  try {
    const begun = JSON.parse(sessionStorage.getItem(BEGUN));
    return begun?.files === files.join("/") ? begun : null;
  } catch {
    return null;
  }
}

/** {search, begun} that goes on for these files, or that this tab began and has not seen the end of; else null. */
export async function searchAgain(files) {
  const begun = begunFor(files);
  if (begun) {
    try {
      const search = await getJson(`/v1/searches/${encodeURIComponent(begun.id)}`);
      if (search.state !== "cancelled") return { search, begun };
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    forgetBegun();
  }
  for (const file of files) {
    const { searches } = await getJson(`/v1/searches?upload=${encodeURIComponent(file)}&state=queued&state=running&limit=1`);
    if (searches.length) return { search: searches[0], begun: null };
  }
  return null;
}
