/** Planes of files that were sent together: which is the image, and which of the others is what to it, and why. */

export const ROLES = {
  data: "the image", variance: "its variance", sigma: "its σ", weight: "its weights", mask: "the mask", psf: "the PSF", segmentation: "a segmentation map",
};
export const NOISE = ["variance", "sigma", "weight"];
const SMALL = 0.7;

/** Words of names that tell what a plane is; the first that is there counts. */
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

/** {key: {role, why}}: what the service told of each file, and of files beside each other what their names and sizes say. */
export function recognised(files) {
  const planes = planesOf(files);
  const given = {};
  const take = (plane, role, why) => {
    const taken = Object.values(given).some((each) => each.role === role || (NOISE.includes(role) && NOISE.includes(each.role)));
    if (taken || given[keyOf(plane)]) return false;
    given[keyOf(plane)] = { role, why };
    return true;
  };
  const told = (plane) => plane.description.role_reason ?? "";
  // A file that holds more than an image tells of itself; alone it is as the service has it.
  for (const { file, found } of files) {
    const own = planes.filter((plane) => plane.upload === file.id);
    if (files.length > 1 && own.length === 1 && !own[0].model) continue;
    for (const [role, index] of Object.entries(found.planes)) {
      const plane = own.find(({ hdu }) => hdu === index);
      if (plane && (role !== "data" || files.length === 1 || own.length > 1)) take(plane, role, told(plane) || "by its name, shape or place in the file");
    }
  }
  const left = () => planes.filter((plane) => !given[keyOf(plane)]);
  if (files.length > 1) {
    for (const plane of left()) {
      const { role } = plane.description;
      if (role && role !== "data" && role in ROLES) take(plane, role, told(plane));
      else if (plane.model) take(plane, "psf", "a model of a PSF");
    }
    for (const plane of left()) {
      const found = WORDS.find(([, words]) => words.test(wordsOf(plane)) || words.test(plane.description.name ?? ""));
      if (found) take(plane, found[0], `by its name, ${plane.file.filename}`);
    }
    const largest = Math.max(...left().map(({ description }) => Math.max(...description.shape.slice(-2))), 0);
    for (const plane of left()) {
      const side = Math.max(...plane.description.shape.slice(-2));
      if (side < SMALL * largest) take(plane, "psf", `by its size, ${sizeOf(plane.description)} pixels`);
    }
    for (const plane of left()) if (!plane.model) take(plane, "data", "the first that is nothing else");
  }
  return given;
}

/** The roles after a plane was given one: each goes to one plane, and of the noises there is one. */
export function assigned(roles, plane, role) {
  const kept = Object.entries(roles).filter(([key, { role: other }]) =>
    key !== keyOf(plane) && other !== role && !(NOISE.includes(role) && NOISE.includes(other)));
  return Object.fromEntries(role ? [...kept, [keyOf(plane), { role, why: "as you said" }]] : kept);
}

/** {role: {upload, hdu}} of what was assigned. */
export const byRole = (roles) => Object.fromEntries(Object.entries(roles).map(([key, { role }]) => {
  const [upload, hdu] = key.split(" ");
  return [role, { upload, hdu: Number(hdu) }];
}));

/** An image of a request, with a sky and nothing else: what there is without a search. */
export function withoutSearch({ data, segmentation: _, ...planes }, { title, window }) {
  const image = { name: "image", data, ...planes, ...(window && { window }) };
  return { name: title, images: [image], components: [{ name: "sky", profile: "flat_sky", parameters: {} }], stages: [{ method: "lm" }] };
}

/** A request that was imported, with the planes that were assigned where it names none that the service has. */
export function filledIn(request, planes, known) {
  const [image, ...others] = request.images;
  const names = (plane) => (typeof plane === "string" ? plane : plane?.upload ?? plane?.image?.upload ?? plane?.image);
  const has = (plane) => plane !== undefined && (typeof names(plane) !== "string" || known.has(names(plane)));
  const noise = NOISE.find((role) => planes[role]);
  const filled = {
    ...image,
    ...(planes.data && !has(image.data) && { data: planes.data }),
    ...(planes.mask && !image.mask && { mask: planes.mask }),
    ...(planes.psf && !image.psf && { psf: planes.psf }),
  };
  if (noise && (image.variance === undefined || image.variance?.auto || image.variance?.datum)) {
    delete filled.variance;
    filled[noise] = planes[noise];
  }
  return { ...request, images: [filled, ...others] };
}
