/** Notices of a fit: each a sentence, with what it means and what to do about it. */

import { html } from "../html.js";
import { getJson } from "../service.js";
import { useAnswer } from "./asking.js";

let asked = null;
const explained = () => (asked ??= getJson("/page/notices.json").catch(() => ({})));

export function Notices({ notices }) {
  const known = useAnswer(explained, []).value ?? {};
  return notices.map(({ code, sentence, where }, at) => {
    const told = known[code];
    return html`<div key=${at} class="note warn"><p>${where ? html`<strong>${placeWords(where)}</strong>: ` : ""}${upper(withoutPlace(sentence, where))}</p>
      ${told && html`<details><summary>What to do</summary><p>${told.remedy}</p><p class="quiet">${told.meaning} (<a href="/help#${code}" target="_blank" rel="noopener">${code}</a>)</p></details>`}</div>`;
  });
}

/** "image image" is the one image. */
const placeWords = (where) => where.replace(/^image image\b/, "the image").replace(/^parameters? /, "");
/** Some sentences begin with their place themselves. */
const withoutPlace = (sentence, where) => (where && sentence.startsWith(`${where}: `) ? sentence.slice(where.length + 2) : sentence);
const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);
