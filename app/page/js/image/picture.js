/** A plane as a small picture of ordinary pixels: thumbnails, and panes where there is no WebGL. */

import { coloursOf } from "./colourmaps.js";
import { STRETCHES } from "./cuts.js";

const MASKED = [107, 107, 115];

/** The plane in colour, the first row at the bottom. */
export function picture({ width, height, values }, look) {
  const image = new ImageData(width, height);
  const colours = coloursOf(look.map);
  const stretch = STRETCHES[look.stretch];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const value = values[y * width + x];
      const at = 4 * ((height - 1 - y) * width + x);
      if (Number.isFinite(value)) {
        const share = Math.min(1, Math.max(0, (value - look.low) / (look.high - look.low)));
        const step = 4 * Math.round(255 * stretch(share, look.softening));
        for (let channel = 0; channel < 3; channel += 1) image.data[at + channel] = colours[step + channel];
      } else {
        image.data.set(MASKED, at);
      }
      image.data[at + 3] = 255;
    }
  }
  return image;
}

/** Paints a pane with the two-dimensional canvas, from a picture that is made anew when the look changes. */
export class CanvasPainter {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.made = null;
  }

  setPlane() {
    this.made = null;
  }

  draw(plane, look, camera, ratio, smooth) {
    const { context, canvas } = this;
    const key = JSON.stringify(look);
    if (this.made?.key !== key) {
      const surface = document.createElement("canvas");
      Object.assign(surface, { width: plane.width, height: plane.height });
      surface.getContext("2d").putImageData(picture(plane, look), 0, 0);
      this.made = { key, surface };
    }
    const zoom = camera.zoom * ratio;
    context.fillStyle = "#0e1114";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = smooth && zoom * plane.bin < 1;
    const left = (plane.origin[0] - 0.5 - camera.x) * zoom + canvas.width / 2;
    const bottom = canvas.height / 2 - (plane.origin[1] - 0.5 - camera.y) * zoom;
    const [width, height] = [plane.width * plane.bin * zoom, plane.height * plane.bin * zoom];
    context.drawImage(this.made.surface, left, bottom - height, width, height);
  }

  close() {}
}
