/** The free parameters of a fit on its way: where they are, and how far from where they began. */

import { html } from "../html.js";
import { changeOf, signed } from "../model/changes.js";
import { general } from "../model/rounding.js";

export function LiveParameters({ progress, title }) {
  const { parameters, parameters_at_start: start } = progress;
  return html`<section class="card stack"><h2>${title}</h2>
    <div class="scroll live" tabindex="0" role="region" aria-label=${title}><table><thead><tr>
      <th scope="col">Name</th><th scope="col" class="number">Value</th><th scope="col" class="number">Since the start</th></tr></thead>
      <tbody>${Object.entries(parameters).map(([name, value]) => html`<tr key=${name}><th scope="row"><code>${name}</code></th>
        <td class="number">${general(value)}</td><td class="number quiet">${signed(changeOf(name, value ?? NaN, start?.[name] ?? NaN))}</td></tr>`)}</tbody></table></div></section>`;
}
