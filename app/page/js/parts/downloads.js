/** Everything of a result as files. */

import { html } from "../html.js";

const CHAIN_FORMATS = ["netcdf", "parquet", "csv", "npz", "json"];

export function Downloads({ fit }) {
  const { links } = fit;
  const list = (title, items) => html`<section class="stack tight"><h3>${title}</h3><ul class="row">${items.map(([words, address]) => html`
    <li key=${address}><a class="button" href=${address} download>${words}</a></li>`)}</ul></section>`;
  return html`${links.bundle && list("Everything", [["bundle.zip", links.bundle]])}
    ${list("Documents", [["parameters.json", links.parameters], ["covariance.json", links.covariance], ["best-fit.json", links.best_fit], ["request.json", links.request], ["log.txt", links.log]])}
    ${links.chains && list("Chains", CHAIN_FORMATS.map((form) => [form, `${links.chains}?format=${form}`]))}
    ${Object.entries(links.images).map(([image, planes]) => list(`FITS images of ${image}`, Object.entries(planes).map(([plane, address]) => [plane.replace("component/", ""), address])))}
    ${list("Plots", Object.entries(links.plots).flatMap(([name, address]) => ["png", "svg", "pdf"].map((form) => [`${name}.${form}`, address.replace(/png$/, form)])))}`;
}
