/** Planes as panes show them: pixels from the service, with where they lie in the full frame. */

import { fetchArray } from "../service.js";
import { ownCuts, sample } from "./cuts.js";

const LARGEST_SIDE = 4096;

/** Blocks of how many pixels a side keep a plane of this shape below a size. */
export const binFor = (shape, side = LARGEST_SIDE) => Math.max(1, Math.ceil(Math.max(...shape) / side));

/** A plane from an address of .npy; `origin` is its first pixel in the full frame. */
export async function loadPlane(address, bin = 1, origin = [0, 0]) {
  const array = await fetchArray(bin > 1 ? `${address}${address.includes("?") ? "&" : "?"}bin=${bin}` : address);
  return { ...array, bin, origin, sorted: sample(array.values) };
}

/** A look that shows sky and cores. */
export const lightLook = (plane) => ({ stretch: "asinh", map: "viridis", cuts: "percentiles", ...ownCuts(plane.sorted) });

/** Residuals in sigma, from −5 (blue) to 5 (red). */
export const RESIDUAL_LOOK = { stretch: "linear", map: "blue to red", cuts: "±5 σ", low: -5, high: 5, softening: 0.1 };

/** The value at a point of the full frame, or null outside. */
export function valueAt(plane, x, y) {
  const column = Math.floor((x - plane.origin[0] + 0.5) / plane.bin);
  const row = Math.floor((y - plane.origin[1] + 0.5) / plane.bin);
  if (column < 0 || row < 0 || column >= plane.width || row >= plane.height) return null;
  return plane.values[row * plane.width + column];
}
