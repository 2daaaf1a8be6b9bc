/** In which form a request gives a component's parameters, as `fitting.spec.forms` has it. */

const SKY_PLACES = {
  x: { name: "ra", unit: "degree", description: "Right ascension of the centre.", min: undefined, max: undefined },
  y: { name: "dec", unit: "degree", description: "Declination of the centre.", min: -90, max: 90 },
};
const TOTALS = {
  flux: { name: "flux", unit: "data", description: "Total flux, before the PSF and out to infinity.", min: 0 },
  magnitude: { name: "magnitude", unit: "mag", description: "Total magnitude: zero point - 2.5 log10(flux).", min: -60, max: 80 },
};
const SKY_UNITS = { pixel: "arcsec", "1/pixel": "1/arcsec", "data/pixel": "data/arcsec2", "data/pixel/pixel": "data/arcsec3" };

/** `pixel` or `sky`: what the request says, or follows from how many images it has. */
export const frameOf = (request) => request.frame ?? (request.images.length > 1 ? "sky" : "pixel");

/** Whether a component's centre is a place on the sky. */
export const isOnSky = (request, { parameters = {} }) => frameOf(request) === "sky" && !("x" in parameters || "y" in parameters);

/** The profile's parameters as this component's are given. */
export function parametersOf(profile, request, component) {
  const onSky = isOnSky(request, component);
  const units = frameOf(request) === "sky" ? SKY_UNITS : {};
  return withTotal(profile.parameters, component.parameters ?? {}).map((own) => {
    if (own.name in SKY_PLACES) return onSky ? { ...own, ...SKY_PLACES[own.name] } : own;
    return { ...own, unit: units[own.unit] ?? own.unit };
  });
}

/** With the total that is given in the place of a profile's one amplitude. */
function withTotal(parameters, given) {
  const amplitudes = parameters.filter(({ unit }) => unit === "data/pixel" || unit === "data");
  const total = Object.keys(TOTALS).find((name) => name in given);
  if (!total || amplitudes.length !== 1) return parameters;
  return parameters.map((own) => (own === amplitudes[0] && own.name !== total ? { ...own, max: undefined, ...TOTALS[total] } : own));
}
