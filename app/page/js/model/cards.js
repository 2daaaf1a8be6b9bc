/** A result by component: what an astronomer asks of each first, in one place. */

import { roundMeasurement } from "./rounding.js";
import { rowsOf } from "./tables.js";

/** [label, names of parameters and derived values that it may be, unit words]. */
/** @type {[string, string[]][]} */
const FIGURES = [
  ["magnitude", ["magnitude"]], ["flux", ["flux"]], ["μₑ", ["mu_e"]], ["mean μₑ", ["mean_mu_e"]], ["μ₀", ["mu_0"]], ["μ_b", ["mu_b"]],
  ["rₑ", ["r_e", "r_e_pixel"]], ["rₑ on the sky", ["r_e_arcsec"]], ["h", ["h", "h_pixel"]], ["h on the sky", ["h_arcsec"]], ["FWHM", ["fwhm", "fwhm_pixel"]], ["FWHM on the sky", ["fwhm_arcsec"]],
  ["n", ["n"]], ["q", ["q"]], ["PA on the pixels", ["pa", "pa_pixel"]], ["PA on the sky", ["pa_sky"]],
  ["x", ["x"]], ["y", ["y"]], ["RA", ["ra"]], ["Dec", ["dec"]], ["level", ["i"]],
];
const OF_GROUPS = { flux: "flux", magnitude: "magnitude" };

/** [{name, profile, figures: [{label, row}], bands: {names, lines: [{label, rows}], colours: [{label, value, uncertainty}]}, shares: [{label, row}], flags}] of each component, those on the image before skies; and
 * `totals`, of all and of those at one centre. Rows are as in the table; what is PA on the sky of a fit on the sky is so called. */
export function cardsOf(document, request, kind, linked) {
  const rows = rowsOf(document, kind, linked);
  const onSky = (request.frame ?? (request.images.length > 1 ? "sky" : "pixel")) === "sky";
  const split = rows.map((row) => ({ row, ...partsOf(row.name) }));
  const cards = request.components.map(({ name, profile }) => {
    const own = split.filter((each) => each.owner === name);
    const several = request.images.length > 1;
    const figures = FIGURES.flatMap(([label, keys]) => keys.flatMap((key) => own.filter((each) => each.key === key && !(several && each.image))
      .map(({ row, image }) => ({ label: `${named(label, key, onSky)}${image ? `, ${image}` : ""}`, row }))));
    const bands = several ? bandsOf(own, request, onSky, document) : null;
    const shares = own.filter(({ key }) => key === "fraction" || key.startsWith("fraction_of_"))
      .map(({ row, key, image }) => ({ label: `${key === "fraction" ? "share of the light at its centre" : `share of ${key.slice(12)}`}${image ? `, ${image}` : ""}`, row }));
    const flags = own.filter(({ row }) => row.flag === "at limit").map(({ key }) => key);
    return { name, profile, figures, bands, shares, flags, sky: !own.some(({ key }) => ["x", "ra"].includes(key)) };
  });
  const names = new Set(request.components.map(({ name }) => name));
  const totals = split.filter(({ owner, key }) => !names.has(owner) && key in OF_GROUPS)
    .map(({ row, owner, key, image }) => ({ label: `${owner === "total" ? "all together" : owner.replaceAll("+", " + ")}, ${OF_GROUPS[key]}${image ? `, ${image}` : ""}`, row }));
  return { cards: [...cards.filter(({ sky }) => !sky), ...cards.filter(({ sky }) => sky)], totals };
}

/** What differs between the images, a line each with a value in every image, and the colours between one and the next. */
function bandsOf(own, request, onSky, document) {
  const names = request.images.map(({ name }) => name).filter((name) => own.some(({ image }) => image === name));
  const lines = FIGURES.flatMap(([label, keys]) => keys.map((key) => ({ label: named(label, key, onSky), key, rows: names.map((name) => own.find((each) => each.key === key && each.image === name)?.row ?? null) })))
    .filter(({ rows }) => rows.some(Boolean));
  const measured = new Map([...document.parameters, ...document.derived].map((each) => [each.name, each]));
  const magnitudes = names.map((image) => measured.get(own.find((each) => each.key === "magnitude" && each.image === image)?.row.name));
  const colours = names.slice(1).map((name, at) => ({ label: `${names[at]} − ${name}`, pair: [magnitudes[at], magnitudes[at + 1]] }))
    .filter(({ pair }) => pair.every((each) => Number.isFinite(each?.value)))
    .map(({ label, pair: [one, two] }) => {
      const [value, uncertainty] = roundMeasurement(one.value - two.value, Math.hypot(one.uncertainty ?? NaN, two.uncertainty ?? NaN) || null);
      return { label, value, uncertainty };
    });
  return names.length ? { names, lines, colours } : null;
}

/** {owner, key, image} of "a.flux[r]". */
function partsOf(name) {
  const match = /^(.*?)\.([^.[\]]+)(?:\[(.+)\])?$/.exec(name);
  return match ? { owner: match[1], key: match[2], image: match[3] ?? "" } : { owner: name, key: "", image: "" };
}

function named(label, key, onSky) {
  if (!onSky) return label;
  return { pa: "PA on the sky", r_e: "rₑ on the sky", h: "h on the sky", fwhm: "FWHM on the sky" }[key] ?? label;
}
