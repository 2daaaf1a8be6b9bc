/** What a request says of an image besides its pixels, as fields show it: noise, point-spread function, mask. */

import { reference } from "./requests.js";

export const NOISES = {
  none: "from the image itself (estimated)", auto: "by the header's gain and read noise, else estimated", plane: "an image", constant: "the same in every pixel",
  gain: "gain and read noise, of the model's light", datum: "gain, of each pixel's datum (GALFIT's way)",
};
export const PLANES = { variance: "variance", sigma: "σ", weight: "weights" };
export const PSFS = { none: "none", plane: "an image", gaussian: "a Gaussian", moffat: "a Moffat function", grid: "a grid of images" };

/** {kind, key} of an image's noise: of a plane or a constant `key` says whether it is variance, σ or weights. */
export function noiseOf(image) {
  const key = Object.keys(PLANES).find((each) => image[each] !== undefined && image[each] !== null);
  if (!key) return { kind: "none", key: "variance" };
  const written = image[key];
  const kind = typeof written === "string" || "upload" in written || "path" in written ? "plane"
    : ["constant", "gain", "datum", "auto"].find((each) => each in written) ?? "plane";
  return { kind, key };
}

const FIRST = { auto: { auto: true }, constant: { constant: 1 }, gain: { gain: 1, read_noise: 0 }, datum: { datum: { gain: 1, sky: 0, scatter: 1 } } };

/** The image with its noise of a kind, or with a noise as it is written. */
export function withNoise(image, key, written) {
  const { variance: _, sigma: __, weight: ___, ...rest } = image;
  return written === undefined ? rest : { ...rest, [key]: written };
}

export const firstNoise = (kind) => FIRST[kind];

export function psfOf({ psf }) {
  if (psf === undefined || psf === null) return "none";
  if (typeof psf === "string") return "plane";
  return ["gaussian", "moffat", "grid"].find((kind) => kind in psf) ?? "plane";
}

/** {upload, hdu, plane} of a PSF that is an image, however it is written. */
export const psfReference = (psf) => (psf && typeof psf === "object" && "image" in psf ? reference(psf.image) : reference(psf));

/** The options of a PSF image: those that stand beside its reference. */
export const psfOptions = (psf) => (psf && typeof psf === "object" ? Object.fromEntries(["convention", "oversampling", "recentre"].filter((key) => key in psf).map((key) => [key, psf[key]])) : {});

export const firstPsf = (kind) => ({ gaussian: { gaussian: { fwhm: 3 } }, moffat: { moffat: { fwhm: 3, beta: 3 } } })[kind];

/** A member set, or left out where nothing is said. */
export function withMember(object, key, value) {
  const { [key]: _, ...rest } = object;
  return value === undefined || value === null || value === "" ? rest : { ...rest, [key]: value };
}

/** The request with an image renamed, in parameters that differ between images and in expressions, too. */
export function withImageName(request, name, next) {
  const inText = (text) => text.replace(/\[(["']?)([^\]"']*)\1\]/g, (whole, _, named) => (named !== name ? whole : /^[A-Za-z_]\w*$/.test(next) ? `[${next}]` : `["${next}"]`));
  const isExpression = (value) => typeof value === "string" && /^\s*=/.test(value);
  const components = JSON.parse(JSON.stringify(request.components), (key, value) => (isExpression(value) ? inText(value)
    : key === "by_image" && value && name in value ? Object.fromEntries(Object.entries(value).map(([each, said]) => [each === name ? next : each, said])) : value));
  const constraints = request.constraints?.map((each) => ({ ...each, expression: inText(String(each.expression)) }));
  const among = components.map((each) => (each.images ? { ...each, images: each.images.map((one) => (one === name ? next : one)) } : each));
  return { ...request, ...(constraints && { constraints }), components: among, images: request.images.map((image) => ((image.name ?? "image") === name ? { ...image, name: next } : image)) };
}

/** A noise of the whole request: {name, degrees}. */
export function likelihoodOf(noise) {
  if (noise && typeof noise === "object") return { name: "student_t", degrees: noise.student_t?.degrees_of_freedom ?? null };
  return { name: noise ?? "gaussian", degrees: null };
}
