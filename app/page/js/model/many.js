/**
 * One model for many objects: which columns of a table give what, and the request of a catalogue that comes of it
 * (`POST /v1/catalogues`). What is guessed of columns is guessed of their names.
 */

import { frameOf, parametersOf } from "./forms.js";

/** @typedef {{from: "pixels" | "model" | "column" | "formula", column?: string, formula?: string, why?: string}} Source */

/** Of what a column may be the name: patterns, the likeliest first. */
const NAMES = {
  ra: [/^ra(_?(j2000|deg|icrs))?$/i, /^alpha(win)?_(j2000|sky)$/i, /^alpha/i],
  dec: [/^de(c|j2000)?(_?(j2000|deg|icrs))?$/i, /^delta(win)?_(j2000|sky)$/i, /^delta/i],
  x: [/^x$/i, /^x(win)?_image$/i, /^x(_?cent(er|re|roid)?|_?pix|cen)$/i],
  y: [/^y$/i, /^y(win)?_image$/i, /^y(_?cent(er|re|roid)?|_?pix|cen)$/i],
  r_e: [/^r_?e(ff)?$/i, /^flux_radius$/i, /^(r_?50|r_?half|half_?light_?radius|hlr)$/i],
  magnitude: [/^mag_auto$/i, /^(mag|magnitude|m_tot|mag_tot)$/i, /^mag_/i],
  flux: [/^flux_auto$/i, /^(flux|f_tot)$/i],
  q: [/^(q|axis_?ratio|ba|b_a)$/i],
  pa: [/^(pa|position_?angle|theta_j2000)$/i],
  n: [/^(n|sersic(_?(n|index))?|index)$/i],
  file: [/^(file(name)?|cutout|path|image)$/i],
};
const COUNTED_FROM_ONE = /_image$/i;
const SHAPES = { major: /^(a|a_image|awin_image|a_world)$/i, minor: /^(b|b_image|bwin_image|b_world)$/i, theta: /^theta(win)?_image$/i };
const TOTALS = ["magnitude", "flux"];
const isWord = (name) => /^[A-Za-z_]\w*$/.test(name);

/** The column that is likely to be meant, or null. */
export function likely(columns, what) {
  for (const pattern of NAMES[what] ?? []) {
    const found = columns.find((name) => pattern.test(name));
    if (found) return found;
  }
  return null;
}

/** Components that are no sky and no point-spread function: those that may be the object. */
export const candidates = (request, profiles) => request.components.filter((component) =>
  component.role !== "psf" && profiles.some(({ name, parameters }) => name === component.profile && parameters.some((own) => own.name === "x")));

/** The object of a model: the component that is chosen, and those whose centre follows its, or that it follows. */
export function objectOf(request, profiles, chosen) {
  const all = candidates(request, profiles);
  const first = all.find(({ name }) => name === chosen) ?? all[0];
  if (!first) return [];
  const follows = (one, other) => Object.entries(one.parameters ?? {}).some(([key, written]) =>
    ["x", "y", "ra", "dec"].includes(key) && typeof (written?.value ?? written) === "string" && (written?.value ?? written).includes(`${other.name}.`));
  return all.filter((each) => each === first || follows(each, first) || follows(first, each)).map(({ name }) => name);
}

/** What is guessed of a table with these columns of numbers for a model: {places, size, values, why}. */
export function guessed(columns, request, profiles, parts) {
  const [x, y, ra, dec] = ["x", "y", "ra", "dec"].map((what) => likely(columns, what));
  const onSky = frameOf(request) === "sky" ? Boolean(ra && dec) : !(x && y) && Boolean(ra && dec);
  const places = onSky ? { kind: "sky", x: ra, y: dec, one: false } : { kind: "pixel", x, y, one: COUNTED_FROM_ONE.test(x ?? "") };
  const values = {};
  for (const { name, key } of settable(request, profiles, parts)) {
    // Shares of a bulge and a disc stand in no table: only a single component takes its shape from one.
    values[`${name}.${key}`] = (parts.length === 1 && guessOf(key, columns, frameOf(request))) || { from: "pixels" };
  }
  return { places, values, size: { pixels: sizeOf(request, parts) } };
}

/** @returns {Source | null} */
function guessOf(key, columns, frame) {
  const [major, minor, theta] = ["major", "minor", "theta"].map((which) => columns.find((name) => SHAPES[which].test(name)));
  const column = likely(columns, key);
  // Radii of most tables are in pixels: a model on the sky counts in arcsec.
  if (column && !(key === "r_e" && frame === "sky" && !/arcsec/i.test(column))) return { from: "column", column, why: "by its name" };
  if (key === "q" && major && minor) return { from: "formula", formula: `row.${minor} / row.${major}`, why: "minor over major axis" };
  if (key === "pa" && theta && frame === "pixel") return { from: "formula", formula: `row.${theta} - 90`, why: "SExtractor counts from the x axis" };
  return null;
}

/** Pixels along a window that holds the model's object: ten half-light radii, a multiple of 16. */
function sizeOf(request, parts) {
  const radii = request.components.filter(({ name }) => parts.includes(name))
    .flatMap(({ parameters = {} }) => ["r_e", "h", "fwhm"].map((key) => parameters[key]?.value ?? parameters[key])).filter(Number.isFinite);
  const wanted = frameOf(request) === "pixel" && radii.length ? 10 * Math.max(...radii) : 64;
  return Math.min(256, Math.max(32, 16 * Math.ceil(wanted / 16)));
}

/** Parameters of the object that rows may set: all but positions, with a total for the amplitude where the profile has one. */
export function settable(request, profiles, parts) {
  return request.components.filter(({ name }) => parts.includes(name)).flatMap((component) => {
    const profile = profiles.find(({ name }) => name === component.profile);
    if (!profile) return [];
    const shown = parametersOf(profile, request, component);
    const totals = profile.total === false ? [] : TOTALS.filter((key) => !shown.some(({ name }) => name === key));
    const all = [...shown, ...totals.map((key) => ({ name: key, unit: key === "flux" ? "data" : "mag" }))];
    return all.filter(({ name }) => !["x", "y", "ra", "dec"].includes(name)).map(({ name: key, unit, description }) => ({ name: component.name, key, unit, description }));
  });
}

const written = ({ column, formula, from }) => (from === "column" ? { column } : `= ${formula.replace(/^\s*=/, "").trim()}`);

/** A position in the way of a template; columns that count from 1 become such that count from 0. */
const place = (column, one) => (one ? `= row.${column} - 1` : { column });

/** What keeps a catalogue from being asked for, as sentences. */
export function missing({ objects, places, parts, values, cutouts }) {
  const found = [];
  if (!objects) found.push("Choose the table of objects.");
  if (!parts.length) found.push("Choose the component that is the object.");
  if (!cutouts && !(places.x && places.y)) found.push("Say which columns are the position.");
  if (places.one && [places.x, places.y].some((name) => name && !isWord(name))) found.push("Columns of which 1 is to be taken off need plain names: letters, digits and underscores.");
  if (cutouts && (!cutouts.files || !cutouts.column)) found.push("Choose the archive of cutouts, and the column that names each row's.");
  for (const [name, { from, formula }] of Object.entries(values)) if (from === "formula" && !formula?.trim()) found.push(`Write the formula of ${name}.`);
  return found;
}

/** The request of a catalogue of this model; `choices` are {objects, places, size, parts, values, neighbours, cutouts, name}. */
export function catalogueOf(request, { objects, places, size, parts, values, neighbours, cutouts, name }) {
  const staying = request.components.filter((component) => parts.includes(component.name) || isBehind(component));
  const names = new Set(staying.map((component) => component.name));
  const components = staying.map((component) => (parts.includes(component.name) ? rowComponent(component, request, { places, values, cutouts, names }) : component));
  const images = request.images.map((image) => rowImage(image, { places, size, cutouts }));
  const { seed, webhook, labels, reuse, name: _, ...rest } = request;
  const constraints = (request.constraints ?? []).filter((constraint) => [...JSON.stringify(constraint).matchAll(/([A-Za-z_]\w*)\.[a-z]/g)].every(([, each]) => names.has(each)));
  return {
    name: name || request.name || "", objects, ...(cutouts && { files: { upload: cutouts.files } }),
    template: { ...rest, images, components, ...(request.constraints && { constraints }) },
    ...(neighbours !== "ignore" && { neighbours: { treatment: neighbours } }), ...(seed !== undefined && { seed }),
  };
}

const isBehind = ({ profile, role }) => role === "psf" || /sky/.test(profile);

function rowComponent(component, request, { places, values, cutouts, names }) {
  const onSky = frameOf(request) === "sky";
  const parameters = {};
  for (const [key, spec] of Object.entries(component.parameters ?? {})) {
    const link = typeof spec === "string" ? spec : typeof spec?.value === "string" ? spec.value : null;
    if (link !== null) {
      const needed = [...link.matchAll(/([A-Za-z_]\w*)\.[a-z]/g)].map(([, name]) => name);
      if (needed.every((name) => names.has(name))) parameters[key] = spec;
      continue;
    }
    if (["x", "y", "ra", "dec"].includes(key)) continue;
    const source = values[`${component.name}.${key}`];
    if (!source || source.from === "model") parameters[key] = spec;
    else if (source.from !== "pixels") parameters[key] = limited(written(source), spec);
    else if (limitsOf(spec)) parameters[key] = limitsOf(spec);
  }
  const fits = onSky ? places.kind === "sky" : places.kind === "pixel";
  // In a cutout the object is where its pixels say.
  if (fits && places.x && places.y && !cutouts) {
    for (const [at, key] of (onSky ? ["ra", "dec"] : ["x", "y"]).entries()) {
      if (!(key in parameters)) parameters[key] = place([places.x, places.y][at], places.one);
    }
  }
  for (const [name, source] of Object.entries(values)) {
    const key = name.slice(component.name.length + 1);
    if (!name.startsWith(`${component.name}.`) || key in parameters || !["column", "formula"].includes(source.from)) continue;
    parameters[key] = written(source);
  }
  // A total stands in the place of the model's own amplitude, and of the other total.
  const total = TOTALS.find((key) => key in parameters && ["column", "formula"].includes(values[`${component.name}.${key}`]?.from));
  if (total) for (const key of [...TOTALS, "i_e", "i_0", "i_c", "mu_e", "mu_0"]) if (key !== total) delete parameters[key];
  return { ...component, parameters };
}

const limitsOf = (spec) => {
  if (typeof spec !== "object" || spec === null) return null;
  const kept = Object.fromEntries(["min", "max", "prior"].filter((key) => spec[key] !== undefined).map((key) => [key, spec[key]]));
  return Object.keys(kept).length ? kept : null;
};

function limited(value, spec) {
  const limits = limitsOf(spec);
  const fixed = typeof spec === "object" && spec?.fixed ? { fixed: true } : {};
  return limits || spec?.fixed ? { value, ...limits, ...fixed } : value;
}

function rowImage(image, { places, size, cutouts }) {
  const { window: _, mask_shapes: __, ...rest } = image;
  if (cutouts) {
    const { mask, variance, sigma, ...plain } = rest;
    const ofRow = (hdu) => ({ column: cutouts.column, ...(hdu && { hdu }) });
    return { ...plain, data: ofRow(cutouts.data), ...(cutouts.variance ? { variance: ofRow(cutouts.variance) } : keptNoise({ variance, sigma })), ...(cutouts.psf && { psf: ofRow(cutouts.psf) }) };
  }
  const [across, up] = places.kind === "sky" ? ["ra", "dec"] : ["x", "y"];
  const side = size.of ? { times: size.times, of: { column: size.of }, min: 32, max: 256 } : size.pixels;
  return { ...image, window: { around: { [across]: place(places.x, places.one), [up]: place(places.y, places.one) }, size: side } };
}

/** Noise that is a number or a rule holds for cutouts too; a plane of the mosaic does not. */
const keptNoise = (noise) => Object.fromEntries(Object.entries(noise).filter(([, value]) => value !== undefined && !(typeof value === "string" && value !== "auto") && !(value && typeof value === "object" && "upload" in value)));

/** Rows of a table from what was found in an image. */
export const rowsOfSources = (sources) => sources.map(({ name, x, y, flux, magnitude, r_e, q, pa, n, snr }) =>
  ({ id: name, x, y, flux, ...(magnitude !== null && magnitude !== undefined && { magnitude }), r_e, q, pa, n, snr }));

/** Rows as CSV, for tables that are too long for a request. */
export function csvOf(rows) {
  const names = Object.keys(rows[0] ?? {});
  return [names.join(","), ...rows.map((row) => names.map((name) => row[name] ?? "").join(","))].join("\n").concat("\n");
}

/** A row's own request with the values that its fit ended at. */
export function withRow(request, values) {
  const free = new Set(Object.keys(values).filter((name) => `${name}_err_scaled` in values && Number.isFinite(values[name])));
  const components = request.components.map((component) => {
    const prefix = `${component.name}_`;
    const parameters = { ...component.parameters };
    const byImage = {};
    for (const column of free) {
      if (!column.startsWith(prefix)) continue;
      const key = column.slice(prefix.length);
      const image = request.images.find(({ name }) => name && key.endsWith(`_${name}`) && (parameters[key.slice(0, -name.length - 1)]?.by_image || parameters[key.slice(0, -name.length - 1)]?.polynomial));
      if (image) (byImage[key.slice(0, -image.name.length - 1)] ??= {})[image.name] = values[column];
      else if (typeof parameters[key] === "object" && parameters[key] !== null) parameters[key] = { ...parameters[key], value: values[column] };
      else if (typeof parameters[key] !== "string") parameters[key] = values[column];
    }
    for (const [key, each] of Object.entries(byImage)) parameters[key] = { by_image: each };
    return { ...component, parameters };
  });
  return { ...request, components };
}
