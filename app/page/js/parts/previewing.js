/** The model at the current parameters: a fit without stages, which is deleted once its planes have been fetched. */

import { useEffect, useState } from "../html.js";
import { loadPlane } from "../image/planes.js";
import { originOf } from "../model/requests.js";
import { settled } from "../settling.js";
import { getJson, pixelsOfResult, postJson, remove } from "../service.js";

const PAUSE_MILLISECONDS = 350;
const WAIT_SECONDS = 20;
const LONGEST_SECONDS = 600;
const LEFT = "photfit.previews";
const FINAL = ["succeeded", "failed", "cancelled"];

/** {planes, chi2, busy, error} of the model, drawn anew when it changes, while `wanted`. */
export function usePreview(request, strokes, image, bin, wanted) {
  const [found, setFound] = useState({ planes: null, chi2: null, busy: false, error: null });
  const key = wanted ? JSON.stringify([{ ...request, stages: [] }, strokes]) : null;
  useEffect(() => {
    if (!key) return undefined;
    let current = true;
    setFound((before) => ({ ...before, busy: true, error: null }));
    const timer = setTimeout(() => {
      const [shown, painted] = JSON.parse(key);
      settled({ request: shown, strokes: painted })
        .then((whole) => preview(whole, image, bin, () => current))
        .then((made) => current && setFound({ ...made, busy: false, error: null }))
        .catch((error) => current && setFound((before) => ({ ...before, busy: false, error })));
    }, PAUSE_MILLISECONDS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key, image.name, bin]);
  return found;
}

async function preview(request, image, bin, isWanted) {
  const asked = await postJson("/v1/fits", request);
  left((ids) => [...ids, asked.id]);
  try {
    const fit = await finished(asked.links.self, isWanted);
    if (!fit) return null;
    if (fit.state !== "succeeded") throw new Error(fit.error?.detail ?? `The preview is ${fit.state}.`);
    const address = (plane) => pixelsOfResult(fit.links.images[image.name ?? "image"][plane]);
    const [model, residual, parameters] = await Promise.all([
      loadPlane(address("model"), bin, originOf(image)), loadPlane(address("normalized_residual"), bin, originOf(image)),
      getJson(fit.links.parameters),
    ]);
    return { planes: { model, residual }, chi2: parameters.chi2_reduced };
  } finally {
    clear(asked.id);
  }
}

/** {planes: {image: {plane: …}}, chi2} of a request as it stands, or after `stages`, by the names of a result's planes. */
export async function planesAt(request, names, stages = []) {
  const asked = await postJson("/v1/fits", { ...request, stages });
  left((ids) => [...ids, asked.id]);
  try {
    const fit = await finished(asked.links.self, () => true);
    if (fit.state !== "succeeded") throw new Error(fit.error?.detail ?? `The preview is ${fit.state}.`);
    const planes = {};
    await Promise.all(request.images.flatMap((image) => names.map(async (name) => {
      const key = image.name ?? "image";
      (planes[key] ??= {})[name] = await loadPlane(pixelsOfResult(fit.links.images[key][name]), 1, originOf(image));
    })));
    return { planes, chi2: (await getJson(fit.links.parameters)).chi2_reduced };
  } finally {
    clear(asked.id);
  }
}

/** The fit once it is final; null where nobody waits for it any more. */
async function finished(address, isWanted) {
  const until = Date.now() + LONGEST_SECONDS * 1000;
  while (Date.now() < until) {
    const fit = await getJson(`${address}?wait=${isWanted() ? WAIT_SECONDS : 0}`);
    if (FINAL.includes(fit.state)) return fit;
    if (!isWanted()) return null;
  }
  throw new Error("The preview took longer than ten minutes, and was stopped.");
}

/** Delete a preview, cancelled first where it still runs. */
async function clear(id) {
  const address = `/v1/fits/${id}`;
  for (let round = 0; round < 20; round += 1) {
    try {
      await remove(address);
      break;
    } catch (error) {
      if (error.status !== 409) {
        if (error.status === 404) break;
        return;
      }
      await postJson(`${address}/cancel`).catch(() => {});
      await getJson(`${address}?wait=5`).catch(() => {});
    }
  }
  left((ids) => ids.filter((each) => each !== id));
}

/** Previews that are still to be deleted, as this browser remembers them, should the page be closed before. */
function left(change) {
  localStorage.setItem(LEFT, JSON.stringify(change(remembered())));
}

function remembered() {
  try {
    const ids = JSON.parse(localStorage.getItem(LEFT) ?? "[]");
    return Array.isArray(ids) ? ids : [];
  } catch {
    return [];
  }
}

/** Delete what an earlier page has left. */
export const sweepPreviews = () => remembered().forEach((id) => clear(id));
