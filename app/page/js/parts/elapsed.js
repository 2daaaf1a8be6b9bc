/** Seconds since something began. */

import { html, useEffect, useState } from "../html.js";
import { duration } from "../model/times.js";

export function Elapsed() {
  const [began] = useState(Date.now);
  const [now, setNow] = useState(began);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return html`<span class="quiet numbers" aria-hidden="true">${duration(Math.max(1, Math.round((now - began) / 1000)))}</span>`;
}
