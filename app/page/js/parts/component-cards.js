/** A card for each component of a result; pointing at one lights its ellipse on the images. */

import { html } from "../html.js";
import { cardsOf } from "../model/cards.js";
import { linkedNames } from "../model/requests.js";

const MOST = 60;

export function ComponentCards({ document: found, request, kind = "uncertainty", lit, light }) {
  const { cards, totals } = cardsOf(found, request, kind, linkedNames(request));
  return html`<section class="stack" aria-label="By component"><h2>By component</h2>
    <ul class="component-cards">${cards.slice(0, MOST).map((card) => html`<li key=${card.name} class="card stack tight ${card.name === lit ? "lit" : ""}" data-card=${card.name}
        onMouseEnter=${() => light(card.name)} onMouseLeave=${() => light(null)}>
      <div class="row split"><h3><button class="bare" aria-pressed=${card.name === lit} onClick=${() => light(card.name === lit ? null : card.name, true)} onFocus=${() => light(card.name)}>${card.name}</button></h3>
        <span class="quiet small">${card.profile.replaceAll("_", " ")}</span></div>
      <dl>${[...card.figures, ...card.shares].map(({ label, row }) => html`<div key=${label}><dt>${label}</dt><dd><${Measured} row=${row} /></dd></div>`)}</dl>
      ${card.bands && html`<${Bands} name=${card.name} ...${card.bands} />`}
      ${card.flags.length > 0 && html`<p class="small"><span class="badge cancelled">at limit</span> ${card.flags.join(", ")}: where the limit stopped the fit is no measurement; widen it, or fix the parameter.</p>`}</li>`)}</ul>
    ${cards.length > MOST && html`<p class="quiet small">The first ${MOST} of ${cards.length}; the table has all.</p>`}
    ${totals.length > 0 && html`<div class="card"><dl class="totals">${totals.map(({ label, row }) => html`<div key=${label}><dt>${label}</dt><dd><${Measured} row=${row} /></dd></div>`)}</dl></div>`}</section>`;
}

/** What differs between the images, in a column each. */
const Bands = ({ name, names, lines, colours }) => html`<div class="scroll" tabindex="0" role="region" aria-label=${`${name} in each image`}><table class="by-band"><thead><tr><td></td>${names.map((each) => html`<th scope="col" class="number" key=${each}>${each}</th>`)}</tr></thead>
    <tbody>${lines.map(({ label, key, rows }) => html`<tr key=${key}><th scope="row">${label}${unitOf(rows) ? html`<br /><span class="quiet">${unitOf(rows)}</span>` : ""}</th>${rows.map((row, at) => html`<td class="number" key=${at}>${row ? html`${row.value}<br /><span class="quiet">${spread(row)}</span>` : "–"}</td>`)}</tr>`)}</tbody></table></div>
  ${colours.length > 0 && html`<dl>${colours.map(({ label, value, uncertainty }) => html`<div key=${label}><dt>${label}</dt><dd class="numbers">${value}${uncertainty ? ` ± ${uncertainty}` : ""} <span class="quiet">mag</span></dd></div>`)}</dl>
    <p class="quiet small">Uncertainties of colours are as if the two magnitudes were independent; with a shared shape they are smaller.</p>`}`;

const unitOf = (rows) => rows.find(Boolean)?.unit ?? "";
const spread = (row) => (row.below ? `+${row.above} −${row.below}` : row.uncertainty ? `± ${row.uncertainty}` : row.flag === "derived" ? "" : row.flag);
const Measured = ({ row }) => html`<span class="numbers">${row.value}${row.below ? ` +${row.above} −${row.below}` : row.uncertainty ? ` ± ${row.uncertainty}` : ""}${row.unit ? html` <span class="quiet">${row.unit}</span>` : ""}</span>
  ${["fixed", "linked"].includes(row.flag) && html` <span class="badge">${row.flag}</span>`}`;
