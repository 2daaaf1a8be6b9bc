/** What keys do in a corner plot: choose a square, zoom, move what it shows. */

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const ZOOMS = { "+": 0.5, "=": 0.5, "-": 2, _: 2 };
const MOVED = 0.25;

/** The square {row, column} below the diagonal that an arrow leads to; the same where there is none, null for other keys. */
export function neighbour({ row, column }, key, count) {
  const step = STEPS[key];
  if (!step) return null;
  const next = { row: row + step[0], column: column + step[1] };
  return next.column >= 0 && next.column < next.row && next.row < count ? next : { row, column };
}

/** [x limits, y limits] after a key: + the middle half, − twice as much, an arrow (with Shift) a quarter on; else null. */
export function looked([x, y], key, shift) {
  const [down, right] = (shift && STEPS[key]) || [0, 0];
  const zoom = ZOOMS[key] ?? 1;
  if (zoom === 1 && !down && !right) return null;
  return [around(x, zoom, right), around(y, zoom, -down)];
}

function around([low, high], zoom, moved) {
  const middle = (low + high) / 2 + moved * MOVED * (high - low);
  const half = (zoom * (high - low)) / 2;
  return [middle - half, middle + half];
}
