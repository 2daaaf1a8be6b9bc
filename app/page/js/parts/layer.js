/** A picture over a pane's image: half transparent, the mask; opaque, the image in colours. */

import { html, useEffect, useLayoutEffect, useRef } from "../html.js";

export function Layer({ picture, turn, camera, pane, opacity = 0.55 }) {
  const canvas = useRef(null);
  const paint = () => {
    const ratio = devicePixelRatio || 1;
    const context = canvas.current.getContext("2d");
    const zoom = camera.zoom * ratio;
    const { surface, origin } = picture;
    const [width, height] = [surface.width, surface.height].map((pixels) => pixels * picture.bin * zoom);
    context.clearRect(0, 0, canvas.current.width, canvas.current.height);
    context.globalAlpha = opacity;
    context.imageSmoothingEnabled = false;
    const left = (origin[0] - 0.5 - camera.x) * zoom + canvas.current.width / 2;
    const bottom = canvas.current.height / 2 - (origin[1] - 0.5 - camera.y) * zoom;
    context.drawImage(surface, left, bottom - height, width, height);
  };
  useLayoutEffect(() => {
    const ratio = devicePixelRatio || 1;
    Object.assign(canvas.current, { width: Math.round(pane.width * ratio), height: Math.round(pane.height * ratio) });
    paint();
  }, [pane, picture, turn]);
  useEffect(() => camera.listen(paint), [camera, picture]);
  return html`<canvas class="layer" ref=${canvas} aria-hidden="true"></canvas>`;
}
