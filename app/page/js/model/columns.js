/** A table as the page keeps it: column by column, numbers as typed arrays; sorted, filtered and counted without copies of rows. */

/** @typedef {{name: string, unit?: string, description?: string, numeric: boolean, values: Float64Array | unknown[]}} Column */

/** {names, columns, length} of rows as the service sends them. */
export function columnsOf(described, rows) {
  const columns = new Map();
  for (const { name, unit, description } of described) {
    const numeric = rows.every((row) => row[name] === null || row[name] === undefined || typeof row[name] === "number") && rows.some((row) => typeof row[name] === "number");
    const values = numeric ? Float64Array.from(rows, (row) => row[name] ?? NaN) : rows.map((row) => row[name] ?? null);
    columns.set(name, { name, unit, description, numeric, values });
  }
  return { names: described.map(({ name }) => name), columns, length: rows.length };
}

/** Row numbers in the order of a column; those without a value come last, whichever the order. */
export function ordered(table, rows, sort) {
  const column = sort && table.columns.get(sort.key);
  if (!column) return rows;
  const { values, numeric } = column;
  const turn = sort.down ? -1 : 1;
  const lacks = numeric ? (at) => Number.isNaN(values[at]) : (at) => values[at] === null || values[at] === "";
  return rows.slice().sort((one, two) => {
    const [a, b] = [lacks(one), lacks(two)];
    if (a || b) return a === b ? one - two : a ? 1 : -1;
    const [left, right] = [values[one], values[two]];
    return left === right ? one - two : turn * (left < right ? -1 : 1);
  });
}

/**
 * Row numbers that pass all of: `ranges` [{key, from, to}] (null: no end), `flag` ("" any, "none", "failed", or a bit's
 * number as `bit`), and `words`, which must stand in some text of the row.
 */
export function passing(table, { ranges = [], bits = null, words = "" }) {
  const flags = table.columns.get("flags")?.values;
  const needed = words.toLowerCase().split(/\s+/).filter(Boolean);
  const texts = needed.length ? [...table.columns.values()].filter(({ numeric }) => !numeric) : [];
  const limits = ranges.map(({ key, from, to }) => ({ values: table.columns.get(key)?.values, from: from ?? -Infinity, to: to ?? Infinity })).filter(({ values }) => values);
  const found = [];
  for (let at = 0; at < table.length; at += 1) {
    if (bits !== null && flags && !(bits === 0 ? flags[at] === 0 : flags[at] & bits)) continue;
    if (!limits.every(({ values, from, to }) => values[at] >= from && values[at] <= to)) continue;
    if (needed.length && !needed.every((word) => texts.some(({ values }) => String(values[at] ?? "").toLowerCase().includes(word)))) continue;
    found.push(at);
  }
  return found;
}

/** Names of the flags that a mask has, by the service's table of them. */
export const flagsIn = (mask, known) => (Number.isFinite(mask) ? known.filter(({ bit }) => mask & bit) : []);

/** How many of the rows have each flag, those with any, the most frequent first. */
export function flagCounts(table, known) {
  const flags = table.columns.get("flags")?.values ?? [];
  return known.map((flag) => ({ ...flag, count: flags.reduce((sum, mask) => sum + (mask & flag.bit ? 1 : 0), 0) })).filter(({ count }) => count).sort((one, two) => two.count - one.count);
}

/** Columns as they are shown: flags and how good a row is before all else. */
export const arranged = (names) => [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
const FIRST = ["flags", "chi2_reduced"];

/** The columns that are shown first: what the input had, values, and how good a row is; not errors and their like. */
export const shownFirst = ({ names }) => arranged(names).filter((name) => !/_(err|err_scaled|lower|upper|p16|p84|rhat|ess)$/.test(name) && !SELDOM.has(name)
  && !names.includes(`${name}_pixel`) && !/_(pixel|mu_0|mean_mu_e|r_e_minor_arcsec)$/.test(name));
const SELDOM = new Set(["degrees_of_freedom", "n_pixels", "aic", "bic", "chi2", "notices", "covariance", "iterations"]);

/** {bins: [{from, to, count}], lacking} of the finite values of rows. */
export function binned(values, rows, number = 40) {
  const finite = rows.map((at) => values[at]).filter(Number.isFinite).sort((a, b) => a - b);
  if (!finite.length) return { bins: [], lacking: rows.length };
  // The ends leave out what lies far beyond, so that one wild row does not make all others a single bar.
  const [low, high] = [finite[Math.floor(0.002 * (finite.length - 1))], finite[Math.ceil(0.998 * (finite.length - 1))]];
  const [from, to] = high > low ? [low, high] : [low - 0.5, low + 0.5];
  const bins = Array.from({ length: number }, (_, at) => ({ from: from + ((to - from) * at) / number, to: from + ((to - from) * (at + 1)) / number, count: 0 }));
  for (const value of finite) bins[Math.min(number - 1, Math.max(0, Math.floor(((value - from) / (to - from)) * number)))].count += 1;
  return { bins, lacking: rows.length - finite.length };
}

/** The range of finite values, all but the wildest two in a thousand at each end, with some room. */
export function extent(values, rows) {
  const finite = rows.map((at) => values[at]).filter(Number.isFinite).sort((a, b) => a - b);
  if (!finite.length) return null;
  const [low, high] = [finite[Math.floor(0.002 * (finite.length - 1))], finite[Math.ceil(0.998 * (finite.length - 1))]];
  const room = (high - low || 1) * 0.04;
  return [low - room, high + room];
}
