/** Seconds since something began. */

import { html, useEffect, useState } from "../html.js";
import { duration } from "../model/times.js";

/** `since` is the moment as the service writes it; without it, it is that in which this is first shown. */
export function Elapsed({ since = null }) {
  const [shown] = useState(Date.now);
  const [now, setNow] = useState(shown);
  const began = since ? Math.min(Date.parse(since), now) : shown;
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return html`<span class="quiet numbers" aria-hidden="true">${duration(Math.max(1, Math.round((now - began) / 1000)))}</span>`;
}
