/** A result's numbers as rows, and the rows as text. */

import { roundAsymmetric, roundMeasurement } from "./rounding.js";

/** {name, value, uncertainty, below, above, ends, unit, flag} of every parameter and derived value, by the kind of
 * uncertainty: `uncertainty` is text where it is the same to both sides, else `below` and `above` are, and `ends` are the
 * two numbers that they lead to. `linked` holds the names of those that follow others. */
export function rowsOf(document, kind, linked) {
  const row = (each, flag) => ({ name: each.name, ...measured(each, kind), unit: each.unit ?? "", flag });
  const parameters = document.parameters.map((each) => row(each, each.at_limit ? "at limit" : each.free ? "" : linked.has(each.name) ? "linked" : "fixed"));
  const derived = document.derived.filter(({ value }) => Number.isFinite(value)).map((each) => row(each, "derived"));
  return [...parameters, ...derived];
}

/** A line an image on what its magnitudes count from. */
export function fluxScalesOf(document) {
  const images = document.images ?? [];
  const scaled = images.filter(({ flux_scale }) => flux_scale);
  return scaled.map(({ name, flux_scale }) => `${images.length > 1 ? name : "Magnitudes"}: ${flux_scale.sentence}`);
}

/** Whether a result has uncertainties of a kind. */
export function hasKind(document, kind) {
  return document.parameters.some((each) => endsOf(each, kind) || Number.isFinite(each[kind]));
}

/** Value and uncertainty of one kind as text; of the chains the median. What has no interval of two ends has the
 * uncertainty from the covariance. */
function measured(each, kind) {
  const ends = endsOf(each, kind);
  if (ends) {
    const middle = kind === "posterior" ? each.quantiles[0.5] : each.value;
    const [value, below, above] = roundAsymmetric(middle, middle - ends[0], ends[1] - middle);
    if (below) return { value, uncertainty: "", below, above, ends };
  }
  const fallback = { posterior: null, interval_scaled: each.uncertainty_scaled }[kind];
  const symmetric = Number.isFinite(each[kind]) ? each[kind] : fallback === undefined ? each.uncertainty : fallback;
  const [value, uncertainty] = roundMeasurement(each.value, symmetric);
  return { value, uncertainty, below: "", above: "", ends: null };
}

/** The two ends of an interval of 68 %, where there are both. */
function endsOf(each, kind) {
  const ends = kind === "posterior" ? each.quantiles && [each.quantiles[0.16], each.quantiles[0.84]] : each[kind];
  return Array.isArray(ends) && ends.every(Number.isFinite) ? ends : null;
}

export function asCsv(rows) {
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const columns = ["name", "value", "uncertainty", ...(rows.some(({ ends }) => ends) ? ["below", "above"] : []), "unit"];
  const lines = rows.map((row) => [...columns.map((column) => row[column]), row.flag].map(quoted).join(","));
  return [[...columns, "remark"].join(","), ...lines, ""].join("\n");
}

export function asLatex(rows, caption) {
  const escaped = (text) => text.replaceAll("\\", "\\textbackslash ").replace(/[_&%#$]/g, (sign) => `\\${sign}`);
  const number = (text) => text.replace(/e([+-])0*(\d+)$/, (_, sign, power) => ` \\times 10^{${sign === "-" ? "-" : ""}${power}}`);
  const spread = ({ uncertainty, below, above }) =>
    below ? `_{-${number(below)}}^{+${number(above)}}` : uncertainty ? ` \\pm ${number(uncertainty)}` : "";
  const remark = ({ flag }) => (["fixed", "linked", "at limit"].includes(flag) ? ` (${flag})` : "");
  const lines = rows.map((row) => `  ${latexName(row.name, escaped)} & $${number(row.value)}${spread(row)}$${remark(row)} & ${UNITS[row.unit] ?? escaped(row.unit)} \\\\`);
  return ["\\begin{table}", `  \\caption{${escaped(caption)}}`, "  \\begin{tabular}{lrl}", "  \\hline", "  Parameter & Value & Unit \\\\",
    "  \\hline", ...lines, "  \\hline", "  \\end{tabular}", "\\end{table}", ""].join("\n");
}

const UNITS = { degree: "deg", "data/pixel": "data pixel$^{-1}$", "data/arcsec2": "data arcsec$^{-2}$", "mag/arcsec2": "mag arcsec$^{-2}$" };

/** Symbols as papers write them; other names are set in italics, what is behind their first underscore below. */
const SYMBOLS = {
  q: "q", n: "n", pa: "\\mathrm{PA}", ra: "\\alpha", dec: "\\delta", mu_e: "\\mu_\\mathrm{e}", mu_0: "\\mu_0", mean_mu_e: "\\langle\\mu\\rangle_\\mathrm{e}",
  magnitude: "m", flux: "F", fraction: "f", beta: "\\beta", alpha: "\\alpha", gamma: "\\gamma", fwhm: "\\mathrm{FWHM}",
};

/** "disc $r_\\mathrm{e}$" of "disc.r_e"; the image of "disc.flux[g]" stands behind it. */
function latexName(name, escaped) {
  const [, owner, key, image] = /^([^.]*)\.([^[]*)(?:\[(.*)\])?$/.exec(name) ?? [];
  if (!key) return escaped(name);
  const [first, ...below] = key.split("_");
  const upright = (text) => `\\mathrm{${text.replaceAll("_", "\\_")}}`;
  const letter = first.length > 1 ? upright(first) : first;
  const symbol = SYMBOLS[key] ?? (below.length ? `${letter}_${below.join("_").length === 1 && /\d/.test(below[0]) ? below[0] : upright(below.join(","))}` : letter);
  return `${escaped(owner)} $${symbol}$${image ? ` (${escaped(image)})` : ""}`;
}

/** Every parameter and derived value at full precision: for programs, where `asCsv` is as a paper prints it. */
export function fullCsv(document) {
  const all = [...document.parameters, ...document.derived];
  const measures = ["value", "uncertainty", "uncertainty_scaled", "uncertainty_bootstrap"].filter((key) => all.some((each) => Number.isFinite(each[key])));
  const cell = (value) => (value === null || value === undefined ? "" : /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  const ends = all.some(({ quantiles }) => quantiles);
  const columns = ["name", ...measures, ...(ends ? ["q16", "q50", "q84"] : []), "unit", "free", "at_limit"];
  const lines = all.map((each) => {
    const flat = { ...each, q16: each.quantiles?.["0.16"], q50: each.quantiles?.["0.5"], q84: each.quantiles?.["0.84"] };
    return columns.map((column) => cell(flat[column])).join(",");
  });
  return [columns.join(","), ...lines, ""].join("\n");
}

/** Many fits in one table: a row each, a column for every value and its uncertainty that any of them has. */
export function oneTable(rows) {
  const cell = (value) => (value === null || value === undefined ? "" : /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  const columns = [...new Set(rows.flatMap(({ document }) => [...document.parameters, ...document.derived].map(({ name }) => name)))];
  const lines = rows.map(({ fit, document }) => {
    const known = new Map([...document.parameters, ...document.derived].map((each) => [each.name, each]));
    const values = columns.flatMap((name) => [known.get(name)?.value, known.get(name)?.uncertainty]);
    return [fit.id, fit.name, fit.state, document.converged, document.chi2_reduced, document.bic, ...values].map(cell).join(",");
  });
  return [["id", "name", "state", "converged", "chi2_reduced", "bic", ...columns.flatMap((name) => [name, `${name} uncertainty`])].map(cell).join(","), ...lines, ""].join("\n");
}
