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
      ${card.flags.length > 0 && html`<p class="small"><span class="badge cancelled">at limit</span> ${card.flags.join(", ")}: where the limit stopped the fit is no measurement; widen it, or fix the parameter.</p>`}</li>`)}</ul>
    ${cards.length > MOST && html`<p class="quiet small">The first ${MOST} of ${cards.length}; the table has all.</p>`}
    ${totals.length > 0 && html`<div class="card"><dl class="totals">${totals.map(({ label, row }) => html`<div key=${label}><dt>${label}</dt><dd><${Measured} row=${row} /></dd></div>`)}</dl></div>`}</section>`;
}

const Measured = ({ row }) => html`<span class="numbers">${row.value}${row.below ? ` +${row.above} −${row.below}` : row.uncertainty ? ` ± ${row.uncertainty}` : ""}${row.unit ? html` <span class="quiet">${row.unit}</span>` : ""}</span>
  ${["fixed", "linked"].includes(row.flag) && html` <span class="badge">${row.flag}</span>`}`;
