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

/** Density of draws in bins between two limits; those outside count too. */
export function density(draws, [low, high], bins) {
  const width = (high - low) / bins;
  const counts = new Array(bins).fill(0);
  for (const draw of draws) {
    const bin = Math.floor((draw - low) / width);
    if (bin >= 0 && bin < bins) counts[bin] += 1;
  }
  return counts.map((count) => count / (draws.length * width));
}

/** [value, density] of a Gaussian between two limits; none where it has no width. */
export function bell(centre, sigma, [low, high]) {
  if (!(sigma > 0)) return [];
  return Array.from({ length: 101 }, (_, step) => {
    const value = low + ((high - low) * step) / 100;
    return [value, Math.exp(-0.5 * ((value - centre) / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI))];
  });
}
