/** What a request leaves out, over the image: shapes of its mask, and all that is outside its window. */

import { html } from "../html.js";

const FAR = 1e5;

export const Window = ({ window: { x, y } }) => html`<g class="window">${drawn({ box: { x, y } })}</g>`;

export const MaskShapes = ({ shapes }) => shapes.map((shape, at) => html`<g key=${at} class="masked-shape">${drawn(shape)}</g>`);

/** @param {Record<string, any>} shape */
function drawn({ ellipse, box, polygon }) {
  if (ellipse) {
    const { x, y, a, q = 1, pa = 0 } = ellipse;
    return html`<ellipse transform=${`translate(${x} ${y}) rotate(${pa})`} rx=${a * q} ry=${a} />`;
  }
  if (box) {
    // Half open, and a pixel's centre is a whole number.
    const [left, right] = box.x ?? [-FAR, FAR];
    const [low, high] = box.y ?? [-FAR, FAR];
    return html`<rect x=${left - 0.5} y=${low - 0.5} width=${right - left} height=${high - low} />`;
  }
  return html`<polygon points=${polygon.map((vertex) => vertex.join(",")).join(" ")} />`;
}
