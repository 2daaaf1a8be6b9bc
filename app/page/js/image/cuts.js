/** Which values become the darkest and the brightest colour, and how those between are spread. */

const SAMPLE = 40000;

/** Finite values of a plane, at most some ten thousand evenly taken, in ascending order. */
export function sample(values) {
  const step = Math.max(1, Math.floor(values.length / SAMPLE));
  const kept = [];
  for (let at = 0; at < values.length; at += step) if (Number.isFinite(values[at])) kept.push(values[at]);
  return Float64Array.from(kept).sort();
}

/** The value below which a share of ascending values lies. */
export function quantile(sorted, share) {
  if (sorted.length === 0) return NaN;
  const place = share * (sorted.length - 1);
  const left = Math.floor(place);
  return sorted[left] + (place - left) * (sorted[Math.min(left + 1, sorted.length - 1)] - sorted[left]);
}

/** Cuts that show sky and cores at once, and the width within which an asinh stretch is linear: three scatters of the
 * sky, from the fainter pixels about its level (the 20 percentile). Dead columns far below the sky do not count. */
export function ownCuts(sorted) {
  const [least, sky, high] = [0.005, 0.2, 0.9995].map((share) => quantile(sorted, share));
  if (!(high > least)) return around(least);
  const faint = sorted.subarray(0, Math.max(2, Math.floor(sorted.length * 0.2)));
  const scatter = 1.4826 * (sky - quantile(faint, 0.5));
  const low = scatter > 0 ? Math.max(least, sky - 8 * scatter) : least;
  const width = Math.max(3 * scatter, 2e-4 * (high - low));
  return { low, high, softening: Math.min(1, width / (high - low)) };
}

/** IRAF's zscale: the slope of the ordered values about their median, contrast 0.25, outliers left out. */
export function zscale(sorted) {
  const count = sorted.length;
  if (count < 10) return around(quantile(sorted, 0.5));
  const middle = (count - 1) / 2;
  const median = quantile(sorted, 0.5);
  let used = Array.from({ length: count }, (_, index) => index);
  let slope = 0;
  for (let round = 0; round < 5; round += 1) {
    const meanX = used.reduce((sum, index) => sum + index, 0) / used.length;
    const meanY = used.reduce((sum, index) => sum + sorted[index], 0) / used.length;
    const spread = used.reduce((sum, index) => sum + (index - meanX) ** 2, 0);
    slope = used.reduce((sum, index) => sum + (index - meanX) * (sorted[index] - meanY), 0) / spread;
    const line = (index) => meanY + slope * (index - meanX);
    const sigma = Math.sqrt(used.reduce((sum, index) => sum + (sorted[index] - line(index)) ** 2, 0) / used.length);
    const kept = used.filter((index) => Math.abs(sorted[index] - line(index)) <= 2.5 * sigma);
    if (kept.length === used.length || kept.length < count / 2) break;
    used = kept;
  }
  const steep = slope / 0.25;
  const low = Math.max(sorted[0], median - middle * steep);
  const high = Math.min(sorted[count - 1], median + middle * steep);
  return high > low ? { low, high, softening: 0.1 } : around(median);
}

/** From the least to the greatest value. */
export function wholeRange(sorted) {
  const [low, high] = [sorted[0], sorted[sorted.length - 1]];
  return high > low ? { low, high, softening: ownCuts(sorted).softening } : around(low);
}

export const CUTS = { percentiles: ownCuts, zscale, "min and max": wholeRange };

/** 0 … 1 of each value between the cuts, by the name of the stretch; `softening` is asinh's linear part. */
export const STRETCHES = {
  asinh: (share, softening) => Math.asinh(share / softening) / Math.asinh(1 / softening),
  linear: (share) => share,
  sqrt: (share) => Math.sqrt(share),
  log: (share) => Math.log1p(1000 * share) / Math.log(1001),
};

/** How many of ascending values lie in each of `bins` equal steps from low to high. */
export function histogram(sorted, low, high, bins) {
  const counts = new Array(bins).fill(0);
  for (const value of sorted) {
    const bin = Math.floor(((value - low) / (high - low)) * bins);
    if (bin >= 0 && bin < bins) counts[bin] += 1;
  }
  return counts;
}

function around(value) {
  const centre = Number.isFinite(value) ? value : 0;
  return { low: centre - 0.5, high: centre + 0.5, softening: 0.1 };
}
