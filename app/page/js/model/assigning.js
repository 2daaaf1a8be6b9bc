/** Planes of files that were sent together: which is the image, and which of the others is what to it, and why. */

import { pixelOfSky } from "../image/sky.js";

export const ROLES = {
  data: "the image", variance: "its variance", sigma: "its σ", weight: "its weights", mask: "the mask", psf: "the PSF", segmentation: "a segmentation map",
};
export const NOISE = ["variance", "sigma", "weight"];
const SMALL = 0.7;
const TINY = 0.2;

/** Words of names that tell what a plane is; the first that is there counts. */
/** @type {[string, RegExp][]} */
const WORDS = [
  ["psf", /(^|[^a-z])psf|kernel|moffat|epsf/i], ["segmentation", /seg(m|mentation|map)?([^a-z]|$)/i],
  ["mask", /mask|badpix|bpm|dq|flags?([^a-z]|$)/i], ["sigma", /sig(ma)?([^a-z]|$)|rms|err|unc|noise|std/i],
  ["variance", /var(iance)?([^a-z]|$)/i], ["weight", /wei?gh?ts?|wht|ivar/i],
];

export const keyOf = ({ upload, hdu }) => `${upload} ${hdu}`;

/** [{upload, hdu, file, description, model}] of every plane that may have a role. */
export const planesOf = (files) => files.flatMap(({ file }) => file.description.hdus
  .filter((hdu) => hdu.is_image || hdu.psf_model)
  .map((description) => ({ upload: file.id, hdu: description.index, file, description, model: Boolean(description.psf_model) })));

const wordsOf = (plane) => plane.file.filename.replace(/\.(fits?|npy|npz|fz|gz|bz2|xz|tiff?|png|asdf)+$/gi, "");
const sizeOf = ({ shape }) => shape.slice(-2).join(" × ");

/** Words that tell nothing of which image of several a plane belongs to. */
const ROLE_WORDS = /^(psf|kernel|moffat|epsf|seg\w*|mask|badpix|bpm|dq|flags?|sig(ma)?|rms|err(or)?|unc|noise|std|var(iance)?|wei?gh?ts?|wht|ivar|sci|data|image|img)$/i;
const wordsIn = (name) => new Set(name.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word && !ROLE_WORDS.test(word)));
const shareOf = (one, other) => [...wordsIn(one)].filter((word) => wordsIn(other).has(word)).length;
const sidesOf = ({ description: { shape = [] } }) => shape.slice(-2).join();

/**
 * {key: {role, of, why}}: what the service told of each file, and of files beside each other what their names and sizes say.
 * `of` is the key of the image that a plane belongs to; null where it belongs to every image. `skies` holds the maps of
 * images to the sky, by key: images of one field are fitted together, others are not.
 */
export function recognised(files, skies = {}) {
  const planes = planesOf(files);
  const given = {};
  const told = (plane) => plane.description.role_reason ?? "";
  const put = (plane, role, of, why) => (given[keyOf(plane)] = { role, of, why });
  // A file that holds more than an image tells of itself; alone it is as the service has it.
  for (const { file, found } of files) {
    const own = planes.filter((plane) => plane.upload === file.id);
    if (files.length > 1 && (own.length === 1 || own[0]?.model)) continue;
    const data = own.find(({ hdu }) => hdu === found.planes.data);
    for (const [role, index] of Object.entries(found.planes)) {
      const plane = own.find(({ hdu }) => hdu === index);
      if (plane) put(plane, role, data ? keyOf(data) : null, told(plane) || "by its name, shape or place in the file");
    }
  }
  if (files.length > 1) {
    const alone = new Set(files.map(({ file }) => file.id).filter((id) => planes.filter(({ upload }) => upload === id).length === 1));
    const left = planes.filter((plane) => !given[keyOf(plane)]);
    const roles = new Map(left.map((plane) => [plane, roleOf(plane, left)]).filter(([plane, { role }]) => role !== "data" || alone.has(plane.upload)));
    for (const [plane, { role, why }] of roles) if (role === "data") put(plane, "data", keyOf(plane), why);
    keepOneField(planes, given, skies);
    const images = planes.filter((plane) => given[keyOf(plane)]?.role === "data");
    for (const [plane, { role, why }] of roles) {
      if (role === "data") continue;
      const of = imageFor(plane, role, images, given, [...roles].filter(([, each]) => each.role === role).length);
      if (of !== undefined) put(plane, role, of, why);
    }
  }
  return given;
}

/** What a plane is by its header, name or size; the image where it is nothing else. */
function roleOf(plane, among) {
  const { role } = plane.description;
  if (role && role !== "data" && role in ROLES) return { role, why: plane.description.role_reason ?? "" };
  if (plane.model) return { role: "psf", why: "a model of a PSF" };
  const found = WORDS.find(([, words]) => words.test(wordsOf(plane)) || words.test(plane.description.name ?? ""));
  if (found) return { role: found[0], why: `by its name, ${plane.file.filename}` };
  const side = ({ description }) => Math.max(...description.shape.slice(-2));
  const largest = Math.max(...among.filter(({ model }) => !model).map(side), 0);
  const small = plane.description.pixel_scale ? TINY : SMALL;
  if (side(plane) < small * largest) return { role: "psf", why: `by its size, ${sizeOf(plane.description)} pixels` };
  return { role: "data", why: "the first that is nothing else" };
}

/** Of images that show different fields the first stays. */
function keepOneField(planes, given, skies) {
  const [first, ...others] = planes.filter((plane) => given[keyOf(plane)]?.role === "data");
  for (const other of others) {
    const key = keyOf(other);
    const [one, two] = [skies[keyOf(first)], skies[key]];
    const why = one && two
      ? (sameField(one, first, two, other) ? "the same field of the sky" : null)
      : (sidesOf(first) === sidesOf(other) ? "pixels as many as of the first" : null);
    if (why) given[key] = { ...given[key], why: /nothing else/.test(given[key].why) ? why : given[key].why };
    else for (const [each, { of }] of Object.entries(given)) if (of === key) delete given[each];
  }
}

/** Whether the middle of one image lies in the other. */
function sameField(one, planeOne, two, planeTwo) {
  const within = (map, plane, { ra, dec }) => {
    const [height, width] = plane.description.shape.slice(-2);
    const at = pixelOfSky(map, ra, dec);
    return at !== null && at[0] > -1 && at[1] > -1 && at[0] < width && at[1] < height;
  };
  return within(one, planeOne, two) || within(two, planeTwo, one);
}

/** The image that a plane belongs to: by words that both names have, else the first that has none of its kind; null is all. */
function imageFor(plane, role, images, given, howMany) {
  if (images.length < 2) return images.length ? keyOf(images[0]) : null;
  const lacks = (image) => !Object.values(given).some((each) => each.of === keyOf(image)
    && (each.role === role || (NOISE.includes(role) && NOISE.includes(each.role))));
  const fits = (image) => role === "psf" || sidesOf(image) === sidesOf(plane);
  const able = images.filter((image) => lacks(image) && fits(image));
  const scores = able.map((image) => shareOf(wordsOf(plane), wordsOf(image)));
  const best = Math.max(0, ...scores);
  if (best && scores.filter((score) => score === best).length === 1) return keyOf(able[scores.indexOf(best)]);
  if (howMany === 1 && !NOISE.includes(role)) return null;
  return able.length ? keyOf(able[0]) : undefined;
}

/** The roles after a plane was given one: of an image each goes to one plane, and of the noises there is one. `of` is the
 * image that it belongs to, null for all. */
export function assigned(roles, plane, role, of = null) {
  const key = keyOf(plane);
  const owner = role === "data" ? key : of;
  const rivals = ({ role: other, of: others }) => (others === owner || owner === null || others === null)
    && (other === role || (NOISE.includes(role) && NOISE.includes(other))) && role !== "data";
  const kept = Object.entries(roles).filter(([each, said]) => each !== key && !(role && rivals(said)));
  return Object.fromEntries(role ? [...kept, [key, { role, of: owner, why: "as you said" }]] : kept);
}

const asPlane = (key) => ({ upload: key.split(" ")[0], hdu: Number(key.split(" ")[1]) });

/** [{key, data, planes}] of what was assigned: the images, and of each its planes by role. */
export function imagesOf(roles) {
  return Object.keys(roles).filter((key) => roles[key].role === "data").map((key) => ({
    key, data: asPlane(key),
    planes: Object.fromEntries(Object.entries(roles).filter(([, { role, of }]) => role !== "data" && (of === key || of === null)).map(([each, { role }]) => [role, asPlane(each)])),
  }));
}

/** An image of a request, with a sky and nothing else: what there is without a search. */
export function withoutSearch({ data, segmentation: _, ...planes }, { title, window }) {
  const image = { name: "image", data, ...planes, ...(window && { window }) };
  return { name: title, images: [image], components: [{ name: "sky", profile: "flat_sky", parameters: {} }], stages: [{ method: "lm" }] };
}

/** A request that was imported, with the planes that were assigned where it names none that the service has; `added` says so. */
export function filledIn(request, planes, known) {
  const [image, ...others] = request.images;
  const names = (plane) => (typeof plane === "string" ? plane : plane?.upload ?? plane?.image?.upload ?? plane?.image);
  const has = (plane) => plane !== undefined && (typeof names(plane) !== "string" || known.has(names(plane)));
  const noise = NOISE.find((role) => planes[role]);
  const wanted = {
    ...(planes.data && !has(image.data) && { data: planes.data }),
    ...(planes.mask && !image.mask && { mask: planes.mask }),
    ...(planes.psf && !image.psf && { psf: planes.psf }),
    ...(noise && (image.variance === undefined || image.variance?.auto || image.variance?.datum) && { [noise]: planes[noise] }),
  };
  const { variance, ...rest } = image;
  const filled = { ...(noise in wanted || variance === undefined ? rest : image), ...wanted };
  return { request: { ...request, images: [filled, ...others] }, added: Object.entries(wanted).map(([role, plane]) => ({ role, plane })) };
}
