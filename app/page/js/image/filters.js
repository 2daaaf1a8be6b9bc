/** What is made of a plane to look at it: smoothed, its contours, values along a line, in a region, in elliptical rings. */

/** A plane convolved with a Gaussian of `sigma` of its pixels; pixels that are no numbers stay so and count nowhere. */
export function smoothed(plane, sigma) {
  if (!(sigma > 0)) return plane;
  const { width, height, values } = plane;
  const reach = Math.ceil(3.5 * sigma);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-0.5 * ((at - reach) / sigma) ** 2));
  const [light, weight] = [new Float32Array(values.length), new Float32Array(values.length)];
  for (let at = 0; at < values.length; at += 1) if (Number.isFinite(values[at])) [light[at], weight[at]] = [values[at], 1];
  const along = (from, step, count, jump, lines) => {
    const out = new Float32Array(from.length);
    for (let line = 0; line < lines; line += 1) {
      for (let place = 0; place < count; place += 1) {
        let sum = 0;
        const [first, last] = [Math.max(0, place - reach), Math.min(count - 1, place + reach)];
        for (let near = first, at = line * jump + first * step; near <= last; near += 1, at += step) sum += kernel[near - place + reach] * from[at];
        out[line * jump + place * step] = sum;
      }
    }
    return out;
  };
  const both = (from) => along(along(from, 1, width, width, height), width, height, 1, width);
  const [above, below] = [both(light), both(weight)];
  const out = Float32Array.from(values, (value, at) => (Number.isFinite(value) ? above[at] / below[at] : value));
  return { ...plane, values: out };
}

/** A plane averaged over so large blocks that no side has more than `most` of them. */
export function coarse(plane, most = 400) {
  const factor = Math.max(1, Math.ceil(Math.max(plane.width, plane.height) / most));
  if (factor === 1) return plane;
  const [width, height] = [Math.ceil(plane.width / factor), Math.ceil(plane.height / factor)];
  const [sums, counts] = [new Float64Array(width * height), new Uint32Array(width * height)];
  for (let row = 0; row < plane.height; row += 1) {
    for (let column = 0; column < plane.width; column += 1) {
      const value = plane.values[row * plane.width + column];
      if (!Number.isFinite(value)) continue;
      const at = Math.floor(row / factor) * width + Math.floor(column / factor);
      sums[at] += value;
      counts[at] += 1;
    }
  }
  return { ...plane, width, height, bin: plane.bin * factor, values: Float32Array.from(sums, (sum, at) => (counts[at] ? sum / counts[at] : NaN)) };
}

/** Lines on which a plane has a value, as SVG's path in the full frame's coordinates (marching squares; Lorensen & Cline 1987). */
export function contourPath({ width, height, values, bin, origin }, level) {
  const place = (column, row) => `${(origin[0] - 0.5 + (column + 0.5) * bin).toFixed(3)} ${(origin[1] - 0.5 + (row + 0.5) * bin).toFixed(3)}`;
  const path = [];
  for (let row = 0; row + 1 < height; row += 1) {
    for (let column = 0; column + 1 < width; column += 1) {
      const at = row * width + column;
      const [a, b, c, d] = [values[at], values[at + 1], values[at + width + 1], values[at + width]];
      if (!(Number.isFinite(a) && Number.isFinite(b) && Number.isFinite(c) && Number.isFinite(d))) continue;
      const inside = Number(a >= level) + 2 * Number(b >= level) + 4 * Number(c >= level) + 8 * Number(d >= level);
      if (inside === 0 || inside === 15) continue;
      const share = (from, to) => (level - from) / (to - from);
      const edges = [() => place(column + share(a, b), row), () => place(column + 1, row + share(b, c)), () => place(column + share(d, c), row + 1), () => place(column, row + share(a, d))];
      // Where opposite corners are inside, the mean of all four tells whether they belong together.
      const joined = (a + b + c + d) / 4 >= level;
      for (const [from, to] of segmentsOf(inside, joined)) path.push(`M${edges[from]()}L${edges[to]()}`);
    }
  }
  return path.join("");
}

const SEGMENTS = [[], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], null, [[0, 2]], [[3, 2]], [[2, 3]], [[2, 0]], null, [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], []];

function segmentsOf(inside, joined) {
  if (inside === 5) return joined ? [[3, 2], [0, 1]] : [[3, 0], [1, 2]];
  if (inside === 10) return joined ? [[3, 0], [1, 2]] : [[0, 1], [2, 3]];
  return SEGMENTS[inside];
}

/** [[distance, value], …] of a plane along a line, a pixel apart, straight between pixels' centres. */
export function alongLine(plane, [x0, y0], [x1, y1]) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const count = Math.max(2, Math.min(4000, Math.round(length / plane.bin) + 1));
  return Array.from({ length: count }, (_, at) => {
    const share = at / (count - 1);
    return [share * length, between(plane, x0 + share * (x1 - x0), y0 + share * (y1 - y0))];
  });
}

/** The value at a place, straight between the four pixels around it; NaN outside, and beside a pixel that is no number. */
function between({ width, height, values, bin, origin }, x, y) {
  const [u, v] = [(x - origin[0] + 0.5) / bin - 0.5, (y - origin[1] + 0.5) / bin - 0.5];
  if (u < -0.5 || v < -0.5 || u > width - 0.5 || v > height - 0.5) return NaN;
  const [column, row] = [Math.min(Math.max(Math.floor(u), 0), Math.max(width - 2, 0)), Math.min(Math.max(Math.floor(v), 0), Math.max(height - 2, 0))];
  const [s, t] = [Math.min(Math.max(u - column, 0), 1), Math.min(Math.max(v - row, 0), 1)];
  const at = (right, up) => values[Math.min(row + up, height - 1) * width + Math.min(column + right, width - 1)];
  return (1 - t) * ((1 - s) * at(0, 0) + s * at(1, 0)) + t * ((1 - s) * at(0, 1) + s * at(1, 1));
}

/** {count, sum, mean, median, deviation, minimum, maximum} of the pixels whose centres lie in a box {x: [from, to], y: [from, to]} of the full frame. */
export function statistics({ width, height, values, bin, origin }, { x, y }) {
  const range = (span, axis, most) => [Math.max(0, Math.ceil((span[0] - origin[axis] + 0.5) / bin - 0.5)), Math.min(most - 1, Math.floor((span[1] - origin[axis] + 0.5) / bin - 0.5))];
  const [[left, right], [bottom, top]] = [range(x, 0, width), range(y, 1, height)];
  const found = [];
  for (let row = bottom; row <= top; row += 1) for (let column = left; column <= right; column += 1) {
    const value = values[row * width + column];
    if (Number.isFinite(value)) found.push(value);
  }
  if (!found.length) return { count: 0 };
  const sorted = Float64Array.from(found).sort();
  const sum = found.reduce((total, value) => total + value, 0);
  const mean = sum / found.length;
  const middle = (found.length - 1) / 2;
  return {
    count: found.length, sum: sum * bin * bin, mean, median: 0.5 * (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]),
    deviation: found.length > 1 ? Math.sqrt(found.reduce((total, value) => total + (value - mean) ** 2, 0) / (found.length - 1)) : NaN,
    minimum: sorted[0], maximum: sorted.at(-1),
  };
}

/**
 * Means of planes of the same pixels in elliptical rings about an ellipse {x, y, q, pa} in pixels and degrees: [{r, count, means, error}], r the
 * semi-major axis. Rings are a pixel wide, and wider outside, a twelfth of their radius. `error` is that of the first plane's mean, by its scatter.
 */
export function rings(planes, { x, y, q, pa }, most) {
  const [{ width, height, bin, origin }] = planes;
  const edges = [0];
  while (edges.at(-1) < most) edges.push(edges.at(-1) + Math.max(bin, edges.at(-1) / 12));
  const number = edges.length - 1;
  const [counts, squares, radii] = [new Float64Array(number), new Float64Array(number), new Float64Array(number)];
  const sums = planes.map(() => new Float64Array(number));
  const [sin, cos] = [Math.sin((pa * Math.PI) / 180), Math.cos((pa * Math.PI) / 180)];
  const linear = edges.findIndex((edge, at) => at > 0 && edge - edges[at - 1] > bin * 1.0001);
  for (let row = 0; row < height; row += 1) {
    const dy = origin[1] - 0.5 + (row + 0.5) * bin - y;
    if (Math.abs(dy) > most) continue;
    for (let column = 0; column < width; column += 1) {
      const dx = origin[0] - 0.5 + (column + 0.5) * bin - x;
      if (Math.abs(dx) > most) continue;
      const r = Math.hypot(-dx * sin + dy * cos, (dx * cos + dy * sin) / q);
      if (r >= edges[number]) continue;
      const at = row * width + column;
      if (!planes.every(({ values }) => Number.isFinite(values[at]))) continue;
      let ring = Math.floor(r / bin);
      if (linear >= 0 && ring >= linear - 1) for (ring = linear - 1; edges[ring + 1] <= r; ring += 1);
      counts[ring] += 1;
      radii[ring] += r;
      squares[ring] += planes[0].values[at] ** 2;
      planes.forEach(({ values }, which) => (sums[which][ring] += values[at]));
    }
  }
  return Array.from({ length: number }, (_, ring) => {
    const count = counts[ring];
    const means = sums.map((sum) => sum[ring] / count);
    const variance = Math.max(0, squares[ring] / count - means[0] ** 2);
    return { r: radii[ring] / count, outer: edges[ring + 1], count, means, error: count > 1 ? Math.sqrt(variance / (count - 1)) : NaN };
  }).filter(({ count }) => count > 0);
}

/** Rings summed from the inside: [[outer radius, sum of each plane's means times the pixels' number], …]. */
export function growth(found, bin = 1) {
  const totals = found[0]?.means.map(() => 0) ?? [];
  return found.map(({ outer, count, means }) => {
    means.forEach((mean, which) => (totals[which] += mean * count * bin * bin));
    return [outer, totals.slice()];
  });
}

/** [x, y] of a place as somebody types it: two pixels, degrees, or sexagesimal hours and degrees; null where it says none. `toPixel` turns a place on the sky into one of the image. */
export function placeIn(text, toPixel) {
  const parts = text.trim().replaceAll("−", "-").split(/[\s,;]+/).filter(Boolean);
  const sexagesimal = (values) => {
    const numbers = values.map((value) => Number(value.replace(/[hdms°′″'"]/g, "")));
    if (numbers.some((value) => !Number.isFinite(value))) return null;
    return (values[0].trim().startsWith("-") ? -1 : 1) * (Math.abs(numbers[0]) + (numbers[1] ?? 0) / 60 + (numbers[2] ?? 0) / 3600);
  };
  const whole = parts.length === 6 ? [parts.slice(0, 3), parts.slice(3)] : parts.length === 2 && parts.every((part) => /[:hd°]/.test(part.slice(0, -1))) ? parts.map((part) => part.split(/[:hdm°′']/).filter(Boolean)) : null;
  if (whole) {
    const [hours, degrees] = whole.map(sexagesimal);
    return hours === null || degrees === null || !toPixel ? null : toPixel(15 * hours, degrees);
  }
  const numbers = parts.map((part) => Number(part.replace(/[°d]$/, "")));
  if (numbers.length !== 2 || numbers.some((value) => !Number.isFinite(value))) return null;
  return parts.some((part) => /[°d]$/.test(part)) ? (toPixel ? toPixel(...numbers) : null) : numbers;
}

