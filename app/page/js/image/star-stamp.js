/** A star of the image as its point-spread function: a stamp of its pixels, the sky about it taken off, its sum one. */

const RING = 2;

/** {side, values, sky, share} of the stamp about (x, y), `side` pixels wide and odd; null where it leaves the image, or holds
 * no light. `share` is how much of the light lies in its outermost ring once the sky is off: of a good stamp little. */
export function stampOf(plane, x, y, side) {
  const half = (side - 1) / 2;
  const [column, row] = [Math.round(x - plane.origin[0]), Math.round(y - plane.origin[1])];
  if (column < half || row < half || column + half >= plane.width || row + half >= plane.height) return null;
  const values = new Float32Array(side * side);
  const ring = [];
  for (let j = 0; j < side; j += 1) {
    for (let i = 0; i < side; i += 1) {
      const value = plane.values[(row - half + j) * plane.width + column - half + i];
      if (!Number.isFinite(value)) return null;
      values[j * side + i] = value;
      if (Math.min(i, j, side - 1 - i, side - 1 - j) < RING) ring.push(value);
    }
  }
  ring.sort((one, two) => one - two);
  const sky = (ring[(ring.length - 1) >> 1] + ring[ring.length >> 1]) / 2;
  const light = values.map((value) => value - sky);
  const sum = light.reduce((total, value) => total + value, 0);
  if (!(sum > 0)) return null;
  const edge = ring.reduce((total, value) => total + value - sky, 0);
  return { side, values: light.map((value) => value / sum), sky, share: Math.abs(edge) / sum };
}

/** A stamp as .npy, float32. */
export function stampNpy({ side, values }) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${side}, ${side}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = new Uint8Array(10 + length).fill(0x20);
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  head.set(Array.from(text, (sign) => sign.charCodeAt(0)), 10);
  head[head.length - 1] = 0x0a;
  return new Blob([head, values], { type: "application/octet-stream" });
}
