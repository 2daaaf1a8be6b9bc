/** A result's numbers as rows, and the rows as text. */

import { roundMeasurement } from "./rounding.js";

/** {name, value, uncertainty, unit, flag} of every parameter and derived value, by the kind of uncertainty; `linked` holds
 * the names of those that follow others. */
export function rowsOf(document, kind, linked) {
  const row = (each, flag) => {
    const [value, uncertainty] = roundMeasurement(...measured(each, kind));
    return { name: each.name, value, uncertainty, unit: each.unit ?? "", flag };
  };
  const parameters = document.parameters.map((each) => row(each, each.at_limit ? "at limit" : each.free ? "" : linked.has(each.name) ? "linked" : "fixed"));
  const derived = document.derived.filter(({ value }) => Number.isFinite(value)).map((each) => row(each, "derived"));
  return [...parameters, ...derived];
}

/** Value and uncertainty of one kind; of the chains the median and half the width of the middle 68 %. */
function measured(each, kind) {
  if (kind === "posterior" && each.quantiles) {
    const { 0.16: low, 0.5: middle, 0.84: high } = each.quantiles;
    return [middle, (high - low) / 2];
  }
  return [each.value, each[kind] ?? (kind === "posterior" ? null : each.uncertainty)];
}

export function asCsv(rows) {
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map(({ name, value, uncertainty, unit, flag }) => [name, value, uncertainty, unit, flag].map(quoted).join(","));
  return ["name,value,uncertainty,unit,remark", ...lines, ""].join("\n");
}

export function asLatex(rows, caption) {
  const escaped = (text) => text.replaceAll("\\", "\\textbackslash ").replace(/[_&%#$]/g, (sign) => `\\${sign}`);
  const number = (text) => text.replace(/e([+-])0*(\d+)$/, (_, sign, power) => ` \\times 10^{${sign === "-" ? "-" : ""}${power}}`);
  const lines = rows.map(({ name, value, uncertainty, unit }) =>
    `  ${escaped(name)} & $${number(value)}${uncertainty ? ` \\pm ${number(uncertainty)}` : ""}$ & ${escaped(unit)} \\\\`);
  return ["\\begin{table}", `  \\caption{${escaped(caption)}}`, "  \\begin{tabular}{lrl}", "  \\hline", "  Parameter & Value & Unit \\\\",
    "  \\hline", ...lines, "  \\hline", "  \\end{tabular}", "\\end{table}", ""].join("\n");
}
