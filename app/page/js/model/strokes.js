/** Strokes of a mask, {points, radius, erase} in pixels of the full frame, as shapes of a request. */

const SIDES = 12;
const COARSE = 0.25;

/** Capsules that cover a stroke: each is a polygon around two of its points (shapes count inside by the even-odd rule, so that
 * one polygon around a line that crosses itself would have holes). */
export function capsulesOf({ points, radius }) {
  const line = fewer(points, COARSE * radius);
  if (line.length === 1) return [{ ellipse: { x: round(line[0][0]), y: round(line[0][1]), a: radius } }];
  return line.slice(1).map((to, at) => ({ polygon: capsule(line[at], to, radius) }));
}

function capsule([x, y], [toX, toY], radius) {
  const along = Math.atan2(toY - y, toX - x);
  const half = (cx, cy, from) => Array.from({ length: SIDES + 1 }, (_, step) => {
    const angle = from + (Math.PI * step) / SIDES;
    return [round(cx + radius * Math.cos(angle)), round(cy + radius * Math.sin(angle))];
  });
  return [...half(toX, toY, along - Math.PI / 2), ...half(x, y, along + Math.PI / 2)];
}

/** A line with those of its points left out that lie within a distance of it (Douglas & Peucker 1973). */
export function fewer(points, distance) {
  if (points.length < 3) return points.length === 2 && same(points[0], points[1]) ? [points[0]] : points;
  const [first, last] = [points[0], points.at(-1)];
  const gaps = points.map((point) => away(point, first, last));
  const far = gaps.indexOf(Math.max(...gaps));
  if (gaps[far] <= distance) return same(first, last) ? [first] : [first, last];
  return [...fewer(points.slice(0, far + 1), distance).slice(0, -1), ...fewer(points.slice(far), distance)];
}

const same = ([a, b], [c, d]) => Math.hypot(a - c, b - d) < 1e-6;

function away([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const share = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
  return Math.hypot(x - ax - share * dx, y - ay - share * dy);
}

const round = (value) => Number(value.toFixed(3));
