/** Ellipses of the frame `sky` (ra, dec in degrees, r in arcsec, pa from north through east) on an image, and back. */

import { pixelOfSky, pixelsByArcsec, skyOfPixel } from "../image/sky.js";

const DEGREE = Math.PI / 180;
const ROUND = 0.9999;

/** {x, y, r, q, pa} in pixels, pa counter-clockwise from +y; null where the image's map does not reach. */
export function onImage(map, { ra, dec, r, q, pa }) {
  const place = pixelOfSky(map, ra, dec);
  const frame = place && pixelsByArcsec(map, ra, dec);
  if (!frame) return null;
  const [x, y] = place;
  // From north through east is clockwise where east is to the right: the same as minus a counter-clockwise angle there.
  return { x, y, ...mapped(frame, { r, q, pa: -pa }) };
}

/** The reverse of `onImage`. */
export function onSky(map, { x, y, r, q, pa }) {
  const [ra, dec] = skyOfPixel(map, x, y);
  const frame = pixelsByArcsec(map, ra, dec);
  if (!frame) return null;
  const back = mapped(inverse(frame), { r, q, pa });
  return { ra, dec, ...back, pa: halfTurn(-back.pa) };
}

/** An ellipse under a linear map: its axes are those of M A (M A)ᵀ, A being the axes as columns. */
function mapped(matrix, { r, q, pa }) {
  const [sin, cos] = [Math.sin(pa * DEGREE), Math.cos(pa * DEGREE)];
  const major = times(matrix, [-r * sin, r * cos]);
  const minor = times(matrix, [r * q * cos, r * q * sin]);
  const [xx, xy, yy] = [major[0] ** 2 + minor[0] ** 2, major[0] * major[1] + minor[0] * minor[1], major[1] ** 2 + minor[1] ** 2];
  const middle = (xx + yy) / 2;
  const spread = Math.hypot((xx - yy) / 2, xy);
  const [long, short] = [Math.sqrt(middle + spread), Math.sqrt(Math.max(0, middle - spread))];
  // A circle has no axes of its own: there the angle goes along with the map.
  const along = short > ROUND * long ? Math.atan2(major[1], major[0]) : Math.atan2(2 * xy, xx - yy) / 2;
  return { r: long, q: short / long, pa: halfTurn(along / DEGREE - 90) };
}

const times = ([[a, b], [c, d]], [x, y]) => [a * x + b * y, c * x + d * y];

/** @type {(matrix: number[][]) => number[][]} */
function inverse([[a, b], [c, d]]) {
  const determinant = a * d - b * c;
  return [[d / determinant, -b / determinant], [-c / determinant, a / determinant]];
}

const halfTurn = (angle) => ((angle % 180) + 180) % 180;
