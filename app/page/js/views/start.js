/** Start: drop a file, or take an example. */

import { forgetDraft, listDrafts, openDraft, startDraft } from "../draft.js";
import { html, useState } from "../html.js";
import { firstImage, sizeOf } from "../model/files.js";
import { withFiles } from "../model/requests.js";
import { moment } from "../model/times.js";
import { Failure, useAnswer } from "../parts/asking.js";
import { Choosing, Sending, useSending } from "../parts/dropping.js";
import { Icon } from "../parts/icons.js";
import { Thumbnail } from "../parts/thumbnail.js";
import { go } from "../router.js";
import { complain } from "../parts/toasts.js";
import { proposalOf } from "../searching.js";
import { ask, getJson, pixelsOf, remove, upload } from "../service.js";

const FEW = 5;
const FEW_FILES = 4;
const MOST_FILES = 100;

export function Start() {
  const [busy, setBusy] = useState(null);
  const [error, setError] = useState(null);
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
  return html`<div class="narrow stack">
    <div class="hero"><h1>Fit light profiles to an image</h1>
      <p>Drop an image, see what is in it, press fit, and watch it converge. Sérsic galaxies, discs, stars and skies, with
      uncertainties that can be believed.</p></div>
    <${Drop} busy=${busy} />
    <${Sending} />
    ${error && html`<${Failure} error=${error} />`}
    <${Drafts} />
    <${Examples} during=${during} busy=${busy} />
    <${Recent} />
  </div>`;
}

function Drop({ busy }) {
  const sends = useSending();
  return html`<div class="drop"><${Icon} name="upload" />
    <strong>Drop an image here</strong>
    <span class="quiet small">And all that belongs to it at once, anywhere on the page: variance, mask, PSF, a model of GALFIT or imfit. FITS (plain, fpack, gzip, bzip2 or xz), NumPy, ASDF, TIFF or grey PNG</span>
    <${Choosing} primary disabled=${busy !== null || sends}>${busy ?? (sends ? "Sending…" : "Choose files")}</${Choosing}>
  </div>`;
}

/** Models that this browser keeps, to go on with. */
function Drafts() {
  const { value, again } = useAnswer(listDrafts, []);
  const [all, setAll] = useState(false);
  if (!value?.length) return null;
  const open = async (id) => {
    await openDraft(id);
    go("model");
  };
  const forget = async (draft) => {
    if (draft.touched && !confirm(`Forget the model ${draft.title || "without a name"}?`)) return;
    await forgetDraft(draft.id);
    again();
  };
  return html`<section class="stack"><h2>Models that you have begun</h2>
    <ul class="card stack tight">${value.slice(0, all ? value.length : FEW).map((draft) => html`<li key=${draft.id} class="row split">
      <button class="bare grow" onClick=${() => open(draft.id)}><strong>${draft.request?.name || draft.title || "without a name"}</strong>
        <span class="quiet small">${draft.request?.components?.length ?? 0} components${draft.touched ? "" : ", as found"} · ${moment(draft.saved_at)}</span></button>
      <button class="bare icon danger" aria-label=${`Forget the model ${draft.request?.name || draft.title}`} title="Forget" onClick=${() => forget(draft)}><${Icon} name="trash" /></button></li>`)}
      ${value.length > FEW && !all && html`<li><button class="bare" onClick=${() => setAll(true)}>Show all ${value.length}</button></li>`}</ul></section>`;
}

function Examples({ during, busy }) {
  const { value } = useAnswer(() => getJson("/v1/examples"), []);
  const open = (example, finish) => during(`Opening ${example.title}`, async () => {
    const names = Object.keys(example.images);
    const sent = await Promise.all(names.map(async (name) => upload(await (await ask(example.images[name])).blob(), name)));
    await finish(sent, Object.fromEntries(names.map((name, at) => [name, sent[at].id])));
  });
  const proposed = (example) => open(example, async (sent) => {
    // Of several images the search comes after what is told of how they belong together.
    if (sent.length > 1) return go("files", ...sent.map(({ id }) => id));
    const [first] = sent;
    const proposal = await proposalOf(first.id, { title: example.title });
    startDraft({ request: proposal.request, title: example.title, proposal });
    return go("model");
  });
  const own = (example) => open(example, async (_, rename) => {
    const request = withFiles(await getJson(example.request), rename);
    startDraft({ request, title: example.title, proposal: null });
    go("model");
  });
  if (!value?.examples.length) return null;
  return html`<section class="stack"><h2>Or begin with an example</h2>
    <ul class="gallery">${value.examples.map((example) => html`
      <li class="card tile" key=${example.name}>
        ${example.picture ? html`<img class="thumbnail" src=${example.picture} alt="" />` : html`<span class="thumbnail"></span>`}
        <div class="words"><div class="stack tight"><h3>${sentenceCase(example.title)}</h3><p class="quiet small">${example.about}</p></div>
          <div class="row"><button class="primary" disabled=${busy !== null} onClick=${() => proposed(example)}
              aria-label=${`Find the sources of ${example.title}`}>Find its sources</button>
            <button class="bare" disabled=${busy !== null} onClick=${() => own(example)}
              aria-label=${`Open the model of ${example.title}`}>Its own model</button></div></div>
      </li>`)}</ul></section>`;
}

function Recent() {
  const [most, setMost] = useState(FEW_FILES);
  const { value, again } = useAnswer(() => getJson(`/v1/uploads?limit=${most}`), [most]);
  if (!value?.uploads.length) return null;
  const erase = async (file) => {
    if (!confirm(`Delete the file ${file.filename} from the service? Models that name it cannot be fitted any more; results stay.`)) return;
    try {
      await remove(`/v1/uploads/${file.id}`);
      again();
    } catch (failure) {
      complain(failure);
    }
  };
  return html`<section class="stack"><h2>Your latest files</h2>
    <ul class="gallery">${value.uploads.map((file) => {
      const image = firstImage(file);
      return html`<li class="card plane" key=${file.id}>
        ${image && html`<${Thumbnail} square label="" address=${pixelsOf({ upload: file.id, hdu: image.index })} shape=${image.shape} />`}
        <div class="stack tight"><a href=${`#/files/${file.id}`}>${file.filename}</a>
          <span class="quiet small">${image ? `${sizeOf(image)} pixels` : ""}</span></div>
        <button class="bare icon danger" aria-label=${`Delete the file ${file.filename}`} title="Delete" onClick=${() => erase(file)}><${Icon} name="trash" /></button></li>`;
    })}</ul>${value.next && most < MOST_FILES && html`<div class="row"><button class="bare" onClick=${() => setMost(MOST_FILES)}>Show more files</button></div>`}</section>`;
}

const sentenceCase = (text) => text.charAt(0).toUpperCase() + text.slice(1);
