/** Texts that are dropped beside images: models of other programs, regions, and tables of sources. */

const SHAPE = /^\s*[-+]?\s*(ellipse|circle|point|box|polygon|poly|centerbox|rotbox|symbol)\s*[([]/i;

/** "galfit", "imfit", "regions", "table" or null. */
export function kindOfText(text) {
  if (/^\s*A\)/m.test(text) || /^\s*0\)\s*\w+/m.test(text)) return "galfit";
  if (/^\s*FUNCTION\s/m.test(text)) return "imfit";
  if (/egion file format|^#CRTF/m.test(text) || text.split("\n", 200).some((line) => SHAPE.test(line))) return "regions";
  return sourcesIn(text)?.rows.length ? "table" : null;
}

/** Every shape of a region file as one that leaves pixels out. */
export const allMasked = (text) => text.split("\n").map((line) => (SHAPE.test(line) && !/text=\{window\}/.test(line) ? line.replace(/^\s*[-+]?\s*/, "-") : line)).join("\n");

/** What columns are called, by what the service calls them; `from` is what the first pixel counts as. */
const COLUMNS = {
  x: { names: ["x", "xcentroid", "x_centroid", "xcen"], from: 0 }, y: { names: ["y", "ycentroid", "y_centroid", "ycen"], from: 0 },
  ra: { names: ["ra", "alpha_j2000", "alphawin_j2000", "x_world"] }, dec: { names: ["dec", "delta_j2000", "deltawin_j2000", "y_world"] },
  magnitude: { names: ["mag", "magnitude", "mag_auto", "mag_best"] }, flux: { names: ["flux", "flux_auto"] },
  r_e: { names: ["r_e", "re", "flux_radius"] }, q: { names: ["q", "axis_ratio"] }, pa: { names: ["pa"] }, n: { names: ["n", "sersic_n"] },
};
const FROM_ONE = { x: ["x_image", "xwin_image", "xpeak_image"], y: ["y_image", "ywin_image", "ypeak_image"] };
const LIMITS = { magnitude: [-100, 100], flux: [Number.MIN_VALUE, Infinity], r_e: [Number.MIN_VALUE, 1e5], q: [0.01, 1], n: [0.1, 12] };

/** {rows, columns, left} of a table with places: rows as the service takes them, what each column was read as, how many rows
 * say no place; null where it is no such table. CSV with a head, ECSV, and SExtractor's ASCII_HEAD are read. */
export function sourcesIn(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const heads = lines.map((line) => /^#\s*\d+\s+([A-Z][A-Z0-9_]*)\b/.exec(line)?.[1]).filter(Boolean);
  const body = lines.filter((line) => !line.startsWith("#"));
  const comma = body[0]?.includes(",");
  const split = (line) => (comma ? line.split(",") : line.trim().split(/\s+/)).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  const names = (heads.length ? heads : split(body.shift() ?? "")).map((name) => name.toLowerCase());
  const columns = {};
  for (const [key, { names: known }] of Object.entries(COLUMNS)) {
    const at = names.findIndex((name) => known.includes(name));
    const one = at < 0 && FROM_ONE[key] ? names.findIndex((name) => FROM_ONE[key].includes(name)) : -1;
    if (at >= 0 || one >= 0) columns[key] = { at: Math.max(at, one), name: names[Math.max(at, one)], shift: one >= 0 ? 1 : 0 };
  }
  if (!(columns.x && columns.y) && !(columns.ra && columns.dec)) return null;
  const rows = body.map((line) => {
    const cells = split(line);
    return Object.fromEntries(Object.entries(columns).map(([key, { at, shift }]) => [key, cells[at] === "" || cells[at] === undefined ? NaN : Number(cells[at]) - shift])
      .filter(([key, value]) => Number.isFinite(value) && (!LIMITS[key] || (value >= LIMITS[key][0] && value <= LIMITS[key][1]))));
  });
  const placed = rows.filter((row) => ("x" in row && "y" in row) || ("ra" in row && "dec" in row));
  return { rows: placed, columns: Object.entries(columns).map(([key, { name, shift }]) => `${name} as ${key}${shift ? ", counted from 1" : ""}`), left: rows.length - placed.length };
}
