/** What a corner plot shows: draws and the covariance's Gaussian, for each pair of parameters. */

const STEPS = 72;

/** Limits that hold 99.7 % of the draws and three sigma of the Gaussian. */
export function limitsOf(centre, sigma, draws) {
  const sorted = draws ? Float64Array.from(draws).sort() : [];
  const quantile = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const lows = [...(sigma ? [centre - 3.2 * sigma] : []), ...(sorted.length ? [quantile(0.0015)] : [])];
  const highs = [...(sigma ? [centre + 3.2 * sigma] : []), ...(sorted.length ? [quantile(0.9985)] : [])];
  const [low, high] = [Math.min(...lows), Math.max(...highs)];
  return high > low ? [low, high] : [centre - 0.5, centre + 0.5];
}

/** Points along the ellipse of `sigmas` of two parameters: [[x, y], …]. */
export function covarianceEllipse([x, y], variances, sigmas) {
  const [[xx, xy], [, yy]] = variances;
  const a = Math.sqrt(Math.max(xx, 0));
  const b = a > 0 ? xy / a : 0;
  const c = Math.sqrt(Math.max(yy - b * b, 0));
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const angle = (2 * Math.PI * step) / STEPS;
    const [u, v] = [sigmas * Math.cos(angle), sigmas * Math.sin(angle)];
    return [x + a * u, y + b * u + c * v];
  });
}

/** Two sigmas in two dimensions that hold 39 % (1σ) and 86 % (2σ) of a Gaussian. */
export const LEVELS = [1, 2];

/** Counts of draws between two limits, scaled so that the highest is 1. */
export function shape(draws, [low, high], bins) {
  const counts = new Array(bins).fill(0);
  for (const draw of draws) {
    const bin = Math.floor(((draw - low) / (high - low)) * bins);
    if (bin >= 0 && bin < bins) counts[bin] += 1;
  }
  const most = Math.max(1, ...counts);
  return counts.map((count) => count / most);
}
