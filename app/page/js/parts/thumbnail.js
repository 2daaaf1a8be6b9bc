/** A small picture of a plane. */

import { html, useEffect, useRef } from "../html.js";
import { ownCuts, sample } from "../image/cuts.js";
import { picture } from "../image/picture.js";
import { binFor } from "../image/planes.js";
import { fetchArray } from "../service.js";

const SIDE = 160;

/** `address` gives pixels; `shape` is that of the whole plane. Without a label it is an ornament. */
export function Thumbnail({ address, shape, label, square }) {
  const canvas = useRef(null);
  useEffect(() => {
    let wanted = true;
    const bin = binFor(shape, SIDE);
    const smaller = bin > 1 ? `${address}${address.includes("?") ? "&" : "?"}bin=${bin}` : address;
    fetchArray(smaller)
      .then((plane) => {
        if (!wanted || !canvas.current) return;
        const look = { stretch: "asinh", map: "viridis", ...ownCuts(sample(plane.values)) };
        Object.assign(canvas.current, { width: plane.width, height: plane.height });
        canvas.current.getContext("2d").putImageData(picture(plane, look), 0, 0);
      })
      .catch(() => {});
    return () => {
      wanted = false;
    };
  }, [address]);
  return html`<canvas class="thumbnail ${square ? "square" : ""}" ref=${canvas} width="4" height="4"
    role=${label ? "img" : undefined} aria-label=${label || undefined} aria-hidden=${label ? undefined : "true"}></canvas>`;
}
