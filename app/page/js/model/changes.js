/** How far parameters have come since a fit began. */

/** Now minus start; position angles are the same after half a turn, so that of those it is the shorter way. */
export function changeOf(name, now, start) {
  const change = now - start;
  return /\.pa(\[|$)/.test(name) ? change - 180 * Math.round(change / 180) : change;
}

/** A change in three digits, with its sign. */
export function signed(change) {
  if (!Number.isFinite(change)) return "–";
  const digits = String(Number(Math.abs(change).toPrecision(3)));
  return change === 0 ? "0" : `${change < 0 ? "−" : "+"}${digits}`;
}
