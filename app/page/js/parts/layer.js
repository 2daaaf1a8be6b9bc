/** A picture over a pane's image: half transparent, the mask; opaque, the image in colours. */

import { html, useEffect, useLayoutEffect, useRef } from "../html.js";

export function Layer({ picture, turn, camera, pane, opacity = 0.55 }) {
  const canvas = useRef(null);
  const paint = () => {
    const ratio = devicePixelRatio || 1;
    const context = canvas.current.getContext("2d");
    const { surface, origin, bin } = picture;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.current.width, canvas.current.height);
    context.globalAlpha = opacity;
    context.imageSmoothingEnabled = false;
    context.setTransform(...camera.numbers(canvas.current, ratio));
    context.transform(bin, 0, 0, -bin, origin[0] - 0.5, origin[1] - 0.5 + surface.height * bin);
    context.drawImage(surface, 0, 0);
  };
  useLayoutEffect(() => {
    const ratio = devicePixelRatio || 1;
    Object.assign(canvas.current, { width: Math.round(pane.width * ratio), height: Math.round(pane.height * ratio) });
    paint();
  }, [pane, picture, turn]);
  useEffect(() => camera.listen(paint), [camera, picture]);
  return html`<canvas class="layer" ref=${canvas} aria-hidden="true"></canvas>`;
}
