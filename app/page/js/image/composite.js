/** A picture of several bands in colour, as Lupton et al. 2004 (PASP 116, 133) make it: the colour of a pixel is kept at every brightness. */

import { compassOf, pixelOfSky, skyOfPixel } from "./sky.js";
import { quantile } from "./cuts.js";

const NODES_EVERY = 16;
/** Of the whole range at a tenth of `stretch`, as astropy.visualization.make_lupton_rgb has it. */
const FRACTION = 0.1;
const FULL = 255;

/** How much of each band goes to red, green and blue, the bands from the shortest wavelength to the longest: the first is
 * blue, the last is red, and what lies between is shared. */
export function weightsOf(count) {
  const places = Array.from({ length: count }, (_, at) => (count > 1 ? at / (count - 1) : 0.5));
  const channels = [places.map((t) => Math.max(0, 2 * t - 1)), places.map((t) => 1 - Math.abs(2 * t - 1)), places.map((t) => Math.max(0, 1 - 2 * t))];
  return channels.map((weights) => {
    const sum = weights.reduce((total, each) => total + each, 0);
    return sum > 0 ? weights.map((each) => each / sum) : weights.map(() => 1 / count);
  });
}

/** RGBA bytes of three channels, arrays of as many pixels; rows in the order that they have. NaN is dark. */
export function lupton(red, green, blue, { minimum = 0, stretch = 5, q = 8 } = {}) {
  const slope = (FRACTION * FULL) / Math.asinh(FRACTION * q);
  const soften = q / stretch;
  const bytes = new Uint8ClampedArray(4 * red.length);
  for (let at = 0; at < red.length; at += 1) {
    const [r, g, b] = [red[at] - minimum, green[at] - minimum, blue[at] - minimum];
    const light = (r + g + b) / 3;
    const factor = light > 0 ? (Math.asinh(light * soften) * slope) / light : 0;
    const colour = [Math.max(0, r * factor), Math.max(0, g * factor), Math.max(0, b * factor)];
    const most = Math.max(...colour);
    // What is brighter than white keeps its colour.
    const scale = most > FULL ? FULL / most : 1;
    for (let channel = 0; channel < 3; channel += 1) bytes[4 * at + channel] = Math.floor(colour[channel] * scale) || 0;
    bytes[4 * at + 3] = FULL;
  }
  return bytes;
}

/** The values of a plane at the pixels of another of the same field, by both maps to the sky; without maps pixel by pixel. */
export function resampled(plane, sky, onto, ontoSky) {
  if (plane === onto) return plane.values;
  const { width, height } = onto;
  const values = new Float32Array(width * height).fill(NaN);
  const place = placeOn(plane, sky, onto, ontoSky);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const at = place(column, row);
      if (!at) continue;
      const [x, y] = [Math.round(at[0]), Math.round(at[1])];
      if (x >= 0 && y >= 0 && x < plane.width && y < plane.height) values[row * width + column] = plane.values[y * plane.width + x];
    }
  }
  return values;
}

/** A function from a pixel of `onto`'s array to one of `plane`'s: exact at nodes, bilinear between them. */
function placeOn(plane, sky, onto, ontoSky) {
  /** @param {number[]} place */
  const whole = ([x, y]) => [(x - plane.origin[0] + 0.5) / plane.bin - 0.5, (y - plane.origin[1] + 0.5) / plane.bin - 0.5];
  const full = (column, row) => [onto.origin[0] + (column + 0.5) * onto.bin - 0.5, onto.origin[1] + (row + 0.5) * onto.bin - 0.5];
  if (!sky || !ontoSky) return (column, row) => whole(full(column, row));
  const [across, up] = [Math.ceil(onto.width / NODES_EVERY) + 1, Math.ceil(onto.height / NODES_EVERY) + 1];
  const nodes = Array.from({ length: across * up }, (_, at) => {
    const found = pixelOfSky(sky, ...skyOfPixel(ontoSky, ...full((at % across) * NODES_EVERY, Math.floor(at / across) * NODES_EVERY)));
    return found && whole(found);
  });
  return (column, row) => {
    const [i, j] = [Math.floor(column / NODES_EVERY), Math.floor(row / NODES_EVERY)];
    const [u, v] = [column / NODES_EVERY - i, row / NODES_EVERY - j];
    const corners = [nodes[j * across + i], nodes[j * across + i + 1], nodes[(j + 1) * across + i], nodes[(j + 1) * across + i + 1]];
    if (!corners.every(Boolean)) return null;
    const mix = (axis) => (1 - v) * ((1 - u) * corners[0][axis] + u * corners[1][axis]) + v * ((1 - u) * corners[2][axis] + u * corners[3][axis]);
    return [mix(0), mix(1)];
  };
}

/** How bright each band counts: by its zero point and the area of its pixels where all are known, else by its own brightest. */
export function scalesOf(bands) {
  if (bands.every(({ zeroPoint }) => Number.isFinite(zeroPoint))) {
    return bands.map(({ zeroPoint, sky }) => 10 ** (-0.4 * (zeroPoint - 25)) / (sky ? compassOf(sky).scale ** 2 : 1));
  }
  return bands.map(({ plane }) => 1 / (quantile(plane.sorted, 0.995) - quantile(plane.sorted, 0.5) || 1));
}

/** {surface, bin, origin} of bands [{plane, sky, zeroPoint}], from the shortest wavelength to the longest, on the first one's
 * pixels; `stretch` is in units of the brightest percent. */
export function compositeOf(bands, { stretch, q }) {
  const [{ plane: onto, sky: ontoSky }] = bands;
  const scales = scalesOf(bands);
  const lights = bands.map(({ plane, sky }, at) => {
    // A little below the sky, so that its noise is dark and not cut off.
    const level = 2 * quantile(plane.sorted, 0.16) - quantile(plane.sorted, 0.5);
    const values = resampled(plane, sky, onto, ontoSky);
    return Float32Array.from(values, (value) => (value - level) * scales[at]);
  });
  // White is where the bands together are as bright as their brightest half percent.
  const bright = Math.max(...bands.map(({ plane }, at) => (quantile(plane.sorted, 0.995) - quantile(plane.sorted, 0.5)) * scales[at])) || 1;
  const channels = weightsOf(bands.length).map((weights) => Float32Array.from(lights[0], (_, at) => lights.reduce((sum, values, band) => sum + (weights[band] ? weights[band] * values[at] : 0), 0)));
  const bytes = lupton(...channels, { stretch: stretch * bright, q });
  const { width, height } = onto;
  const image = new ImageData(width, height);
  for (let row = 0; row < height; row += 1) image.data.set(bytes.subarray(4 * row * width, 4 * (row + 1) * width), 4 * (height - 1 - row) * width);
  const surface = document.createElement("canvas");
  Object.assign(surface, { width, height });
  surface.getContext("2d").putImageData(image, 0, 0);
  return { surface, bin: onto.bin, origin: onto.origin };
}
