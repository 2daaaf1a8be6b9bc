/** What paints a pane: the graphics card, or where there is none a plain canvas. */

import { CanvasPainter } from "./picture.js";
import { hasGraphicsCard, WebglPainter } from "./webgl-painter.js";

let card = null;

export function painterOf(canvas) {
  card ??= hasGraphicsCard();
  return card ? new WebglPainter(canvas) : new CanvasPainter(canvas);
}
