/** A plane as a picture of ordinary pixels: thumbnails, and panes where there is no WebGL. */

import { tableOf, TABLE_LENGTH } from "./colourmaps.js";

const MASKED = 0xff736b6b;
const OUTSIDE = "#0e1114";
const ROOM = 0.5;

/** The plane in colour, the first row at the bottom. */
export function picture({ width, height, values }, look) {
  const image = new ImageData(width, height);
  paint(image, { width, values }, look, 0, 0);
  return image;
}

/** Colour the part of a plane that begins at a column and a row into a picture, the part's first row at the bottom. */
function paint(image, plane, look, left, bottom) {
  const colours = tableOf(look);
  const out = new Uint32Array(image.data.buffer);
  const { width: columns, height: rows } = image;
  const { values, width } = plane;
  const [low, scale] = [look.low, TABLE_LENGTH / (look.high - look.low)];
  for (let row = 0; row < rows; row += 1) {
    let from = (bottom + row) * width + left;
    let to = (rows - 1 - row) * columns;
    for (const end = to + columns; to < end; to += 1, from += 1) {
      const step = (values[from] - low) * scale;
      // What is no number is neither below nor above; infinities are told apart from values beyond the cuts.
      out[to] = step - step !== 0 ? MASKED : colours[step <= 0 ? 0 : step >= TABLE_LENGTH ? TABLE_LENGTH - 1 : step | 0];
    }
  }
}

/**
 * Paints a pane with the two-dimensional canvas. Of a large plane the part that is seen, with some room around it, is coloured,
 * from averages over blocks where pixels are smaller than the screen's: so a change of colours costs as much as the pane has pixels.
 */
export class CanvasPainter {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.levels = [];
    this.made = null;
  }

  setPlane(plane) {
    this.levels = [plane];
    this.made = null;
  }

  draw(plane, look, camera, ratio, smooth) {
    const { context, canvas } = this;
    if (this.levels[0] !== plane) this.setPlane(plane);
    const zoom = camera.zoom * ratio;
    const level = Math.max(0, Math.min(Math.floor(Math.log2(1 / (zoom * plane.bin))), Math.floor(Math.log2(Math.max(plane.width, plane.height))) - 4));
    const side = plane.bin * 2 ** level;
    const whole = this.level(level);
    const seen = seenPart(whole, side, plane.origin, camera, { width: canvas.width / ratio, height: canvas.height / ratio });
    const key = `${level} ${look.map} ${look.stretch} ${look.softening} ${look.low} ${look.high}`;
    if (seen && !(this.made?.key === key && holds(this.made.part, seen))) this.make(whole, look, seen, key);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = OUTSIDE;
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (!seen) return;
    context.imageSmoothingEnabled = smooth && zoom * side < 1;
    context.setTransform(...camera.numbers(canvas, ratio));
    const { left, bottom, surface } = { ...this.made.part, surface: this.made.surface };
    context.transform(side, 0, 0, -side, plane.origin[0] - 0.5 + left * side, plane.origin[1] - 0.5 + (bottom + surface.height) * side);
    context.drawImage(surface, 0, 0);
  }

  /** Colour a part of a level, and as much around it as half of it is wide. */
  make(whole, look, seen, key) {
    const more = [Math.ceil(ROOM * seen.width), Math.ceil(ROOM * seen.height)];
    const part = within(whole, { left: seen.left - more[0], bottom: seen.bottom - more[1], width: seen.width + 2 * more[0], height: seen.height + 2 * more[1] });
    const surface = this.made?.surface ?? document.createElement("canvas");
    if (surface.width !== part.width || surface.height !== part.height) Object.assign(surface, { width: part.width, height: part.height });
    const image = new ImageData(part.width, part.height);
    paint(image, whole, look, part.left, part.bottom);
    surface.getContext("2d").putImageData(image, 0, 0);
    this.made = { key, surface, part };
  }

  /** The plane averaged over blocks of 2^level pixels a side. */
  level(number) {
    while (this.levels.length <= number) this.levels.push(halved(this.levels.at(-1)));
    return this.levels[number];
  }

  close() {
    this.levels = [];
    this.made = null;
  }
}

/** The pixels of a level that a pane sees, or null where it sees none. */
function seenPart({ width, height }, side, origin, camera, pane) {
  const corners = [[0, 0], [pane.width, 0], [0, pane.height], [pane.width, pane.height]].map(([right, down]) => camera.toImage(right, down, pane));
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => (corner[axis] - origin[axis] + 0.5) / side));
  const [left, right] = [Math.max(0, Math.floor(Math.min(...xs))), Math.min(width, Math.ceil(Math.max(...xs)))];
  const [bottom, top] = [Math.max(0, Math.floor(Math.min(...ys))), Math.min(height, Math.ceil(Math.max(...ys)))];
  return right > left && top > bottom ? { left, bottom, width: right - left, height: top - bottom } : null;
}

const holds = (one, other) => one.left <= other.left && one.bottom <= other.bottom
  && one.left + one.width >= other.left + other.width && one.bottom + one.height >= other.bottom + other.height;

function within({ width, height }, part) {
  const [left, bottom] = [Math.max(0, part.left), Math.max(0, part.bottom)];
  return { left, bottom, width: Math.min(width, part.left + part.width) - left, height: Math.min(height, part.bottom + part.height) - bottom };
}

/** Averages over blocks of two by two; what is no number does not count, and a last odd row or column stands for itself. */
export function halved({ width, height, values }) {
  const [columns, rows] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const out = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    const lower = 2 * row * width;
    const upper = 2 * row + 1 < height ? lower + width : lower;
    for (let column = 0; column < columns; column += 1) {
      const one = 2 * column;
      const two = one + 1 < width ? one + 1 : one;
      const sum = values[lower + one] + values[lower + two] + values[upper + one] + values[upper + two];
      out[row * columns + column] = sum - sum === 0 ? 0.25 * sum : finiteMean([values[lower + one], values[lower + two], values[upper + one], values[upper + two]]);
    }
  }
  return { width: columns, height: rows, values: out };
}

function finiteMean(numbers) {
  const finite = numbers.filter(Number.isFinite);
  return finite.length ? finite.reduce((sum, value) => sum + value, 0) / finite.length : NaN;
}
