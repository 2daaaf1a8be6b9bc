/** Tidings of a fit in the tab's title and, where somebody wants it, as a notification at its end. */

import { html, useEffect, useRef, useState } from "../html.js";

const ENDED = { succeeded: "✓ done", failed: "✗ failed", cancelled: "cancelled" };

/** Keep the tab's title true of a fit, and tell its end where the page is not in front. */
export function useTidings(fit) {
  const before = useRef(null);
  useEffect(() => {
    if (!fit) return;
    const name = fit.name || "fit";
    const { progress } = fit;
    const now = ENDED[fit.state] ?? (fit.state === "queued" ? "waiting" : `${Math.round(100 * (progress?.fraction ?? 0))} %`);
    document.title = `${now} · ${name} · photfit`;
    const ends = before.current && !ENDED[before.current] && ENDED[fit.state];
    before.current = fit.state;
    if (ends && document.hidden && isAllowed()) new Notification(`${name}: ${fit.state}`, { tag: fit.id });
  }, [fit]);
}

const isAllowed = () => "Notification" in window && Notification.permission === "granted";

/** Asks the browser for leave to notify; nothing where it has been asked, or cannot. */
export function AskToNotify() {
  const [asked, setAsked] = useState(!("Notification" in window) || Notification.permission !== "default" || !isSecureContext);
  if (asked) return null;
  const ask = async () => {
    await Notification.requestPermission();
    setAsked(true);
  };
  return html`<button onClick=${ask}>Tell me when it ends</button>`;
}
