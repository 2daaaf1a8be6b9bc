/** Several images of one field in one request: what is shared between them, and what each has of its own. */

import { compassOf, pixelOfSky, skyOfPixel } from "../image/sky.js";
import { frameOf } from "./forms.js";
import { handlesOf } from "./ellipse.js";
import { hasTotal, lightOf } from "./light.js";
import { readParameter } from "./parameters.js";
import { onImage, onSky } from "./sky-ellipse.js";
import { valuesOf } from "./values.js";

/** Central wavelengths of filters whose letter says which, nm: SDSS and Pan-STARRS optical, UKIDSS near-infrared. */
const USUAL = { u: 355, g: 477, r: 623, i: 763, z: 913, y: 1020, j: 1248, h: 1631, k: 2201, ks: 2160, fuv: 153, nuv: 228 };
const MOST_LETTERS = 64;

/** Names of images by what their files' names do not have in common: "g", "r", "i" of ngc1_g.fits and its like. */
export function bandNames(filenames) {
  const stems = filenames.map((name) => name.replace(/\.(fits?|npy|npz|fz|gz|bz2|xz|tiff?|png|asdf)+$/gi, ""));
  const words = stems.map((stem) => stem.split(/[^A-Za-z0-9]+/).filter(Boolean));
  const common = words[0].filter((word) => words.every((each) => each.includes(word)));
  const own = words.map((each) => each.filter((word) => !common.includes(word)).join("_"));
  const plain = own.map((name, at) => (name || stems[at].replace(/[^A-Za-z0-9_.-]+/g, "_") || "image").replace(/^[^A-Za-z0-9_]+/, "").slice(0, MOST_LETTERS) || "image");
  return plain.map((name, at) => (plain.indexOf(name) === at ? name : `${name}_${at + 1}`));
}

/** Wavelengths by the names of bands, nm; null unless every name says one. */
export function usualWavelengths(names) {
  const found = names.map((name) => USUAL[name.toLowerCase()]);
  return found.every(Boolean) && new Set(found).size === found.length ? found : null;
}

/** The request of one image, `at`, as one of all `images`: [{name, data, planes, sky, shape}]. Position and shape are
 * shared; the sky's level and every brightness have a value in each image, which the service takes from its pixels. */
export function overBands(request, images, at, profiles) {
  const skies = images.every(({ sky }) => sky);
  const own = images[at];
  const [searched] = request.images;
  const wavelengths = usualWavelengths(images.map(({ name }) => name));
  const made = images.map(({ name, data, planes: { segmentation: _, ...planes }, sky, shape }, index) => ({
    ...(index === at ? searched : { ...planes, ...elsewhere(searched, own.sky, sky, shape) }),
    name, data, ...(wavelengths && { wavelength: wavelengths[index] }),
  }));
  const value = valuesOf(request);
  const names = images.map(({ name }) => name);
  const known = Object.fromEntries(profiles.map((profile) => [profile.name, profile]));
  const components = request.components.map((component) => spread(component, known[component.profile], names, at, value, skies && frameOf(request) === "pixel" ? own.sky : null));
  return { ...request, frame: skies ? "sky" : "pixel", images: made, components };
}

/** A new component with its brightness left to each image, where a request has several: what is bright in one band need not
 * be so in another. */
export function brightInEach(request, component, profile) {
  if (request.images.length < 2) return component;
  const names = request.images.map(({ name }) => name);
  return spread(component, profile, names, -1, () => NaN, null);
}

function spread(component, profile, names, at, value, sky) {
  if (!profile) return component;
  const amplitudes = profile.parameters.filter(({ unit }) => unit.startsWith("data"));
  const isTotal = amplitudes.length === 1 && handlesOf(profile) && hasTotal(component.profile);
  const total = isTotal && lightOf(component.profile, (key) => value(`${component.name}.${key}`)).flux;
  const given = ["flux", "magnitude"].find((key) => key in (component.parameters ?? {}) && !amplitudes.some(({ name }) => name === key));
  const placed = sky ? onTheSky(component, profile, value, sky) : { ...component.parameters };
  for (const { name } of amplitudes) delete placed[name];
  const each = (first) => ({ by_image: Object.fromEntries(names.map((name, index) => [name, index === at && first ? first : {}])) });
  if (given) return { ...component, parameters: { ...placed, [given]: each(shortest(readParameter(component.parameters[given]).link === undefined ? component.parameters[given] : null)) } };
  const bright = isTotal ? { flux: each(total ? Number(total.toPrecision(6)) : null) }
    : Object.fromEntries(amplitudes.map(({ name }) => {
      const now = value(`${component.name}.${name}`);
      return [name, each(!sky && Number.isFinite(now) ? now : null)];
    }));
  return { ...component, parameters: { ...placed, ...bright } };
}

/** Parameters in pixels as the sky has them: degrees, arcsec, angles from north through east. Limits of positions go. */
function onTheSky(component, profile, value, sky) {
  const { parameters = {} } = component;
  const of = (key, otherwise) => (Number.isFinite(value(`${component.name}.${key}`)) ? value(`${component.name}.${key}`) : otherwise);
  const { radius } = handlesOf(profile) ?? {};
  const scale = compassOf(sky).scale;
  const placed = Number.isFinite(of("x")) && Number.isFinite(of("y"));
  const seen = placed && onSky(sky, { x: of("x"), y: of("y"), r: of(radius, 1), q: of("q", 1), pa: of("pa", 0) });
  const moved = Object.entries(parameters).map(([key, written]) => {
    const unit = profile.parameters.find(({ name }) => name === key)?.unit ?? "";
    const said = readParameter(written);
    if (said.link !== undefined) return [PLACES[key] ?? key, asSkyLink(said.link)];
    if (key in PLACES) return seen ? [PLACES[key], { ...bare(said), value: Number(seen[PLACES[key]].toFixed(7)) }] : null;
    if (seen && key === "pa") return [key, { ...bare(said), value: Number(seen.pa.toFixed(4)) }];
    if (seen && key === "q") return [key, { ...said, value: Number(seen.q.toPrecision(6)) }];
    const factor = unit === "pixel" ? (seen && key === radius ? seen.r / of(radius, 1) : scale) : unit === "1/pixel" ? 1 / scale : 1;
    return [key, scaled(said, factor)];
  });
  return Object.fromEntries(moved.filter(Boolean).map(([key, said]) => [key, shortest(said)]));
}

const PLACES = { x: "ra", y: "dec" };
const asSkyLink = (text) => text.replace(/\.x\b/g, ".ra").replace(/\.y\b/g, ".dec");
const bare = ({ fixed }) => (fixed ? { fixed } : {});
const scaled = (said, factor) => Object.fromEntries(Object.entries(said).filter(([, each]) => each !== null)
  .map(([key, each]) => [key, typeof each === "number" ? Number((each * factor).toPrecision(7)) : each]));
const shortest = (said) => (said !== null && typeof said === "object" && Object.keys(said).length === 1 && "value" in said ? said.value : said);

/** Window and masked shapes of an image as another image of the field has them. */
function elsewhere({ window, mask_shapes: shapes }, from, to, [height, width]) {
  const point = from && to ? ([x, y]) => pixelOfSky(to, ...skyOfPixel(from, x, y)) : (at) => at;
  const clip = (value, most) => Math.min(most, Math.max(0, Math.round(value)));
  const box = window && [[0, 0], [0, 1], [1, 0], [1, 1]].map(([i, j]) => point([window.x[i] - (i ? 1 : 0), window.y[j] - (j ? 1 : 0)])).filter(Boolean);
  const range = (axis, most) => [clip(Math.min(...box.map((each) => each[axis])), most), clip(Math.max(...box.map((each) => each[axis])) + 1, most)];
  const moved = box?.length === 4 && { x: range(0, width), y: range(1, height) };
  const fits = moved && moved.x[0] < moved.x[1] && moved.y[0] < moved.y[1];
  const seen = shapes?.map((shape) => shapeElsewhere(shape, from, to, point)).filter(Boolean);
  return { ...(fits && { window: moved }), ...(seen?.length && { mask_shapes: seen }) };
}

/** Columns and rows are one detector's own; what is on the sky is masked in every image. */
function shapeElsewhere({ ellipse, polygon }, from, to, point) {
  if (polygon) {
    const moved = polygon.map(point);
    return moved.every(Boolean) ? { polygon: moved } : null;
  }
  if (!ellipse || !from || !to) return ellipse ? { ellipse } : null;
  const { x, y, a, q = 1, pa = 0 } = ellipse;
  const sky = onSky(from, { x, y, r: a, q, pa });
  const seen = sky && onImage(to, sky);
  return seen ? { ellipse: { x: seen.x, y: seen.y, a: seen.r, q: seen.q, pa: seen.pa } } : null;
}
