/** Everything of a result as files, those for other programs too. */

import { html, useState } from "../html.js";
import { getJson } from "../service.js";
import { Sharing } from "./sharing.js";
import { complain } from "./toasts.js";

const CHAIN_FORMATS = ["netcdf", "parquet", "csv", "npz", "json"];

const EXPORTS = {
  galfit: "GALFIT feedme", imgblock: "GALFIT image block", imfit: "imfit best fit", ds9: "DS9 regions", casa: "CASA regions",
  regions: "regions as FITS", script: "Python script", latex: "LaTeX table",
};
const TABLES = ["csv", "ecsv", "fits", "votable"];

/** A result as another program has it: its files, and what could not be written. */
function Exports({ fit }) {
  const [found, setFound] = useState(null);
  const ask = async (format) => {
    try {
      setFound(await getJson(`${fit.links.self}/export?format=${format}`));
    } catch (error) {
      setFound(null);
      complain(error);
    }
  };
  const left = found?.rows.filter(({ why_not: why }) => why) ?? [];
  return html`<section class="stack tight"><h3>For other programs</h3><div class="row">${Object.entries(EXPORTS).map(([format, words]) => html`
      <button key=${format} aria-pressed=${found?.format === format} onClick=${() => ask(format)}>${words}</button>`)}</div>
    ${found && html`<ul class="row" role="status">${found.files.map(({ name, href }) => html`<li key=${name}><a class="button primary" href=${href} download=${name}>${name}</a></li>`)}</ul>
      ${left.length > 0 && html`<p class="small note warn">Not written: ${left.map(({ what, why_not: why }) => `${what} (${why})`).join("; ")}.</p>`}`}</section>`;
}

export function Downloads({ fit }) {
  const { links } = fit;
  const list = (title, items) => html`<section class="stack tight"><h3>${title}</h3><ul class="row">${items.map(([words, address]) => html`
    <li key=${address}><a class="button" href=${address} download>${words}</a></li>`)}</ul></section>`;
  return html`${links.bundle && list("Everything", [["bundle.zip", links.bundle]])}
    ${list("Documents", [["parameters.json", links.parameters], ["covariance.json", links.covariance], ["best-fit.json", links.best_fit], ["request.json", links.request], ["log.txt", links.log]])}
    ${list("Tables at full precision", TABLES.map((form) => [form, `${links.parameters}?format=${form}`]))}
    <${Exports} fit=${fit} />
    ${links.chains && list("Chains", CHAIN_FORMATS.map((form) => [form, `${links.chains}?format=${form}`]))}
    ${Object.entries(links.images).map(([image, planes]) => list(`FITS images of ${image}`, Object.entries(planes).map(([plane, address]) => [plane.replace("component/", ""), address])))}
    ${list("Plots", Object.entries(links.plots).flatMap(([name, address]) => ["png", "svg", "pdf"].map((form) => [`${name}.${form}`, address.replace(/png$/, form)])))}
    <${Sharing} address=${links.self} />`;
}
