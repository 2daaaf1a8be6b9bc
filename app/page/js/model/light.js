/** A component's light in numbers that every profile has: half-light radius and total flux, to go from one profile to another. */

import { readParameter, writeParameter } from "./parameters.js";

/** b_n of a Sérsic profile (Ciotti & Bertin 1999, A&A 352, 447, eq. 18); below n = 0.36 MacArthur et al. 2003, ApJ 582, 689. */
export function bOf(n) {
  if (n < 0.36) return 0.01945 - 0.8902 * n + 10.95 * n ** 2 - 19.67 * n ** 3 + 13.43 * n ** 4;
  return 2 * n - 1 / 3 + 4 / (405 * n) + 46 / (25515 * n ** 2) + 131 / (1148175 * n ** 3) - 2194697 / (30690717750 * n ** 4);
}

/** The gamma function for positive arguments (Lanczos, g = 7). */
function gamma(z) {
  const terms = [676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905, -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7];
  if (z < 0.5) return Math.PI / (Math.sin(Math.PI * z) * gamma(1 - z));
  const sum = terms.reduce((total, term, at) => total + term / (z + at), 0.9999999999998099);
  const t = z + 6.5;
  return Math.sqrt(2 * Math.PI) * t ** (z - 0.5) * Math.exp(-t) * sum;
}

const sersicFlux = (n, r) => 2 * Math.PI * n * r ** 2 * Math.exp(bOf(n)) * bOf(n) ** (-2 * n) * gamma(2 * n);

/** Of a profile: its length and amplitude, half-light radius of unit length, and flux of unit amplitude at q = 1. */
const LIGHT = {
  sersic: { length: "r_e", amplitude: "i_e", half: () => 1, flux: ({ n }, r) => sersicFlux(n, r) },
  de_vaucouleurs: { length: "r_e", amplitude: "i_e", half: () => 1, flux: (_, r) => sersicFlux(4, r) },
  exponential: { length: "h", amplitude: "i_0", half: () => 1.6783469900166605, flux: (_, h) => 2 * Math.PI * h ** 2 },
  gaussian: { length: "fwhm", amplitude: "i_0", half: () => 0.5, flux: (_, fwhm) => (Math.PI * fwhm ** 2) / (4 * Math.LN2) },
  moffat: {
    length: "fwhm", amplitude: "i_0",
    half: ({ beta }) => Math.sqrt((2 ** (1 / (beta - 1)) - 1) / (2 ** (1 / beta) - 1)) / 2,
    flux: ({ beta }, fwhm) => (Math.PI * fwhm ** 2) / (4 * (2 ** (1 / beta) - 1) * (beta - 1)),
  },
  point_source: { length: null, amplitude: "flux", half: () => 0, flux: () => 1, round: true },
  gaussian_psf: { length: "fwhm", amplitude: "flux", half: () => 0.5, flux: () => 1, round: true },
};
const FIRST = { n: 2, beta: 3 };

/** Whether the total of a profile is known here. */
export const hasTotal = (profile) => profile in LIGHT;

/** {half, flux} of a component by the values of its parameters; each null where it cannot be told. */
export function lightOf(profile, of) {
  const form = LIGHT[profile];
  if (!form) return { half: null, flux: null };
  const given = { n: of("n"), beta: of("beta") };
  const length = form.length ? of(form.length) : 0;
  const known = (value) => (Number.isFinite(value) && value > 0 ? value : null);
  const amplitude = of(form.amplitude);
  const total = known(of("flux"));
  const q = form.round ? 1 : (known(of("q")) ?? 1);
  return {
    half: form.length ? known(length * form.half(given)) : null,
    flux: total ?? known(amplitude * form.flux(given, length) * q),
  };
}

/** Values of a profile's length and amplitude (and what else they need) with a half-light radius and a flux; {} where it has none known here. */
export function withLight(profile, { half, flux }, of) {
  const form = LIGHT[profile];
  if (!form) return {};
  const given = Object.fromEntries(Object.keys(FIRST).map((key) => [key, Number.isFinite(of(key)) && of(key) > (key === "beta" ? 1 : 0) ? of(key) : FIRST[key]]));
  const values = {};
  if (profile === "sersic") values.n = given.n;
  if (profile === "moffat") values.beta = given.beta;
  const ratio = form.half(given);
  const length = form.length && half ? half / ratio : null;
  if (length) values[form.length] = length;
  const q = form.round ? 1 : (Number.isFinite(of("q")) ? of("q") : 1);
  if (flux && (length || !form.length || form.amplitude === "flux")) values[form.amplitude] = flux / (form.flux(given, length) * q);
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value.toPrecision(6))]));
}

/** The component after another profile was chosen for it, with the size and brightness that it had: those that cannot be
 * worked out here go over by the radius of its ellipse and the brightness there. */
export function carriedOver(before, after, profileBefore, profileAfter, of) {
  const light = lightOf(before.profile, of);
  const values = withLight(after.profile, light, of);
  const lengthOf = ({ parameters }) => parameters.find(({ unit, name, scale }) => unit === "pixel" && scale === "log" && name !== "x" && name !== "y")?.name;
  const amplitudeOf = ({ parameters }) => parameters.find(({ unit }) => unit === "data/pixel" || unit === "data");
  const [from, to] = [lengthOf(profileBefore), lengthOf(profileAfter)];
  if (to && !(to in values)) {
    const length = light.half ?? (from ? of(from) : NaN);
    if (Number.isFinite(length)) values[to] = Number(length.toPrecision(6));
  }
  const [bright, as] = [amplitudeOf(profileBefore), amplitudeOf(profileAfter)];
  if (as && !(as.name in values) && bright && bright.unit === as.unit && Number.isFinite(of(bright.name))) values[as.name] = of(bright.name);
  // A total that was given in the amplitude's place is the same of every profile.
  const total = ["flux", "magnitude"].find((key) => key in (before.parameters ?? {}) && !profileBefore.parameters.some(({ name }) => name === key));
  if (total && as?.name !== total) {
    delete values[as?.name];
    values[total] = of(total);
  }
  const parameters = { ...after.parameters };
  for (const [key, value] of Object.entries(values)) {
    const said = readParameter(parameters[key] ?? (key === total ? before.parameters[key] : undefined));
    if (said.link === undefined && !said.whole && value !== undefined) parameters[key] = writeParameter({ ...said, value });
  }
  return { ...after, parameters };
}
