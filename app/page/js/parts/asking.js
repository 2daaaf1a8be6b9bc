/** What a view has to wait for: the answer, or why there is none. */

import { html, useEffect, useState } from "../html.js";

/** {value, error, again} of an asynchronous question, asked anew when one of `inputs` changes. */
export function useAnswer(ask, inputs) {
  const [answer, setAnswer] = useState({ value: null, error: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let wanted = true;
    setAnswer((before) => ({ ...before, error: null }));
    Promise.resolve(ask())
      .then((value) => wanted && setAnswer({ value, error: null }))
      .catch((error) => wanted && setAnswer({ value: null, error }));
    return () => {
      wanted = false;
    };
  }, [...inputs, round]);
  return { ...answer, again: () => setRound(round + 1) };
}

export const Failure = ({ error, again }) => html`
  <div class="note bad" role="alert"><strong>${error.title || "That did not work."}</strong> ${error.message}
    ${again && html` <button class="bare" onClick=${again}>Try again</button>`}</div>`;

export const Waiting = ({ what }) => html`<div class="empty" role="status">${what}…</div>`;
