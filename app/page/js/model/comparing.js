/** Whether two fits may be compared: χ² and BIC say something only of the same pixels with the same noise. */

import { reference } from "./requests.js";
import { general } from "./rounding.js";

const NOISE = ["variance", "weight", "sigma"];
const SAME = 0.01;

/** What a fit was made with, by the contents of its files, from its provenance document: {image: {part: text}, "": {noise}}. */
export function madeWith({ request, inputs }) {
  const hashes = Object.fromEntries(inputs.map(({ name, sha256 }) => [name, sha256]));
  const images = Object.fromEntries(request.images.map((image, at) => [image.name ?? (at ? `image ${at + 1}` : "image"), {
    data: canonical(image.data, hashes),
    window: canonical(image.window ?? null, hashes),
    mask: canonical([image.mask ?? null, image.mask_shapes ?? [], image.mask_saturated !== false], hashes),
    variance: canonical(Object.fromEntries(NOISE.filter((key) => image[key]).map((key) => [key, image[key]])), hashes),
  }]));
  return { images, noise: canonical(request.noise ?? "gaussian", hashes) };
}

/** What differs between what two fits were made with, as words; none where they may be compared. */
export function differences(one, two) {
  const [first, second] = [Object.values(one.images), Object.values(two.images)];
  if (first.length !== second.length) return ["the number of images"];
  const names = Object.keys(one.images);
  const found = names.flatMap((name, at) => {
    const other = two.images[name] ?? second[at];
    return Object.keys(one.images[name]).filter((part) => one.images[name][part] !== other[part])
      .map((part) => (names.length > 1 ? `the ${part} of ${name}` : `the ${part}`));
  });
  return one.noise === two.noise ? found : [...found, "the noise"];
}

/** A number that is a difference, in words and with what it means: "better", "worse" or "" where it is none. */
export function difference(before, after, scale = 1) {
  const value = after - before;
  if (!Number.isFinite(value)) return { text: "–", meaning: "" };
  if (Math.abs(value) * scale < SAME) return { text: "0", meaning: "" };
  return { text: `${value < 0 ? "−" : "+"}${general(Math.abs(value))}`, meaning: value < 0 ? "better" : "worse" };
}

/** What the BIC says (Kass & Raftery 1995, JASA 90, 773), the second minus the first. */
export function verdict(bic, first, second) {
  const size = Math.abs(bic);
  if (!Number.isFinite(bic)) return "There is no BIC to compare by.";
  if (size < 2) return "By the BIC neither is to be preferred.";
  return `By the BIC ${bic < 0 ? second : first} is to be preferred: ${size > 10 ? "very strong" : size > 6 ? "strong" : "some"} evidence (ΔBIC ${general(size)}).`;
}

/** How far apart two values are, in their uncertainties together. */
export function apart(one, two) {
  const sigma = Math.hypot(one?.uncertainty ?? 0, two?.uncertainty ?? 0);
  if (!one || !two || !(sigma > 0)) return "";
  let change = two.value - one.value;
  if (/\.pa(_sky)?(\[|$)/.test(one.name)) change -= 180 * Math.round(change / 180);
  const sigmas = change / sigma;
  if (Math.abs(sigmas) < 0.05) return "0 σ";
  return Math.abs(sigmas) > 99 ? "> 99 σ" : `${sigmas < 0 ? "−" : "+"}${Math.abs(sigmas).toFixed(1)} σ`;
}

/** JSON with sorted keys, files by their hashes, and without what says nothing. */
function canonical(value, hashes) {
  return JSON.stringify(plain(value, hashes));
}

function plain(value, hashes) {
  if (typeof value === "string") {
    const named = reference(value);
    return named && named.upload in hashes ? plain(named, hashes) : value;
  }
  if (Array.isArray(value)) return value.map((each) => plain(each, hashes));
  if (typeof value !== "object" || value === null) return value;
  // Without an HDU it is the first that holds an image: HDU 0 wherever that can be named.
  const whole = "upload" in value || "path" in value ? { ...value, hdu: value.hdu ?? 0 } : value;
  const said = Object.entries(whole).filter(([, each]) => each !== null && each !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(said.map(([key, each]) => [key, key === "upload" || key === "path" ? hashes[each] ?? each : plain(each, hashes)]));
}
