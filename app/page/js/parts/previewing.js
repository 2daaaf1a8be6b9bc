/** The model at the current parameters: a fit without stages, which is deleted once its planes have been fetched. */

import { useEffect, useState } from "../html.js";
import { loadPlane } from "../image/planes.js";
import { originOf } from "../model/requests.js";
import { getJson, pixelsOfResult, postJson, remove } from "../service.js";

const PAUSE_MILLISECONDS = 350;
const WAIT_SECONDS = 30;

/** {planes, chi2, busy, error} of the request, drawn anew when it changes, while `wanted`. */
export function usePreview(request, image, bin, wanted) {
  const [found, setFound] = useState({ planes: null, chi2: null, busy: false, error: null });
  const key = wanted ? JSON.stringify({ ...request, stages: [] }) : null;
  useEffect(() => {
    if (!key) return undefined;
    let current = true;
    setFound((before) => ({ ...before, busy: true, error: null }));
    const timer = setTimeout(() => {
      preview(JSON.parse(key), image, bin)
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

async function preview(request, image, bin) {
  const asked = await postJson("/v1/fits", request);
  try {
    const fit = await getJson(`${asked.links.self}?wait=${WAIT_SECONDS}`);
    if (fit.state !== "succeeded") throw new Error(fit.error?.detail ?? `The preview is ${fit.state}.`);
    const address = (plane) => pixelsOfResult(fit.links.images[image.name][plane]);
    const [model, residual, parameters] = await Promise.all([
      loadPlane(address("model"), bin, originOf(image)), loadPlane(address("normalized_residual"), bin, originOf(image)),
      getJson(fit.links.parameters),
    ]);
    return { planes: { model, residual }, chi2: parameters.chi2_reduced };
  } finally {
    await remove(asked.links.self).catch(() => {});
  }
}
