/** Windows of an image, half open: {x: [first, one past the last], y: […]}. */

/** The window between two points of an image of `shape` [height, width]; null where it holds no pixel. */
export function boxOf([ax, ay], [bx, by], [height, width]) {
  const range = (one, two, most) => [Math.max(0, Math.round(Math.min(one, two))), Math.min(most, Math.round(Math.max(one, two)) + 1)];
  const [x, y] = [range(ax, bx, width), range(ay, by, height)];
  return x[1] - x[0] > 1 && y[1] - y[0] > 1 ? { x, y } : null;
}
