/** Drafts in this browser's database: what each is, and apart from it the steps that can be undone. */

const NAME = "photfit";
const VERSION = 1;
const DRAFTS = "drafts";
const HISTORIES = "histories";

let opened = null;

function database() {
  opened ??= new Promise((done, fail) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(DRAFTS, { keyPath: "id" });
      asked.result.createObjectStore(HISTORIES, { keyPath: "id" });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  return opened;
}

const answerOf = (asked) => new Promise((done, fail) => {
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => fail(asked.error);
});

async function stores(mode) {
  const transaction = (await database()).transaction([DRAFTS, HISTORIES], mode);
  return [transaction.objectStore(DRAFTS), transaction.objectStore(HISTORIES)];
}

/** Every draft without its steps, the latest first. */
export async function listed() {
  const [drafts] = await stores("readonly");
  return (await answerOf(drafts.getAll())).sort((one, two) => two.saved_at - one.saved_at);
}

/** One draft with its steps, or undefined. */
export async function read(id) {
  const [drafts, histories] = await stores("readonly");
  const [draft, history] = await Promise.all([answerOf(drafts.get(id)), answerOf(histories.get(id))]);
  return draft && { past: [], future: [], ...history, ...draft };
}

/** Keep a draft that was made from revision `basis`; false, and nothing is written, where another tab has kept a later one. */
export async function write({ past, future, ...draft }, basis) {
  const [drafts, histories] = await stores("readwrite");
  const there = await answerOf(drafts.get(draft.id));
  if (there && there.revision !== basis) return false;
  histories.put({ id: draft.id, past, future });
  await answerOf(drafts.put(draft));
  return true;
}

export async function erase(...ids) {
  const [drafts, histories] = await stores("readwrite");
  await Promise.all(ids.flatMap((id) => [answerOf(drafts.delete(id)), answerOf(histories.delete(id))]));
}

export async function eraseAll() {
  const [drafts, histories] = await stores("readwrite");
  await Promise.all([answerOf(drafts.clear()), answerOf(histories.clear())]);
}
