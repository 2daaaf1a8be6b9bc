/** A new component where the image was pointed at: values that a fit can start from. */

import { valueAt } from "../image/planes.js";
import { quantile } from "../image/cuts.js";
import { compassOf, pixelOfSky, skyOfPixel } from "../image/sky.js";
import { brightInEach } from "./bands.js";
import { handlesOf } from "./ellipse.js";
import { frameOf } from "./forms.js";
import { readParameter } from "./parameters.js";
import { freeName, withNew } from "./requests.js";
import { valuesOf } from "./values.js";

const RADIUS = 5;

/** The request with a component at pixel (x, y), a Sérsic, and its name; `map` leads to the sky. */
export function addAt(request, { profiles }, plane, x, y, map = null) {
  const profile = profiles.find(({ name }) => name === "sersic") ?? profiles.find(handlesOf);
  const name = freeName(request, profile.name.charAt(0));
  const made = newComponent(name, profile, plane, x, y);
  const onSky = frameOf(request) === "sky" && map;
  const placed = onSky ? asOnSky(made, profile, skyOfPixel(map, x, y), compassOf(map).scale) : made;
  return { next: withNew(request, brightInEach(request, placed, profile)), name };
}

/** A component of a profile at the centre of the chosen one, else in the middle of what the image shows, as bright as the
 * image is there; `shown` is {plane, sky, camera} or null. */
export const newBeside = (request, name, profile, where) => brightInEach(request, placedBeside(request, name, profile, where), profile);

function placedBeside(request, name, profile, { chosen, shown }) {
  if (!handlesOf(profile)) return newAmong(request, name, profile);
  const value = valuesOf(request);
  const onSky = frameOf(request) === "sky";
  const [first, second] = (onSky ? ["ra", "dec"] : ["x", "y"]).map((key) => value(`${chosen}.${key}`));
  const known = Number.isFinite(first) && Number.isFinite(second);
  if (onSky) {
    if (!shown?.sky) return newAmong(request, name, profile);
    const [x, y] = (known && pixelOfSky(shown.sky, first, second)) || [shown.camera.x, shown.camera.y];
    return asOnSky(newComponent(name, profile, shown.plane, x, y), profile, known ? [first, second] : skyOfPixel(shown.sky, x, y), compassOf(shown.sky).scale);
  }
  if (!shown) return known ? newComponent(name, profile, null, first, second) : newAmong(request, name, profile);
  return newComponent(name, profile, shown.plane, known ? first : shown.camera.x, known ? second : shown.camera.y);
}

/** A component of a profile amid those that are there; on the sky its size and brightness are left to the image. */
export function newAmong(request, name, profile) {
  const middle = (key) => {
    const values = request.components.map(({ parameters }) => readParameter(parameters?.[key]).value).filter(Number.isFinite);
    return values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
  };
  if (frameOf(request) !== "sky") return newComponent(name, profile, null, middle("x"), middle("y"));
  return asOnSky(newComponent(name, profile, null, 0, 0), profile, [middle("ra"), middle("dec")], null);
}

/** A component in pixels as the frame `sky` has it; without the arcsec of a pixel, lengths and intensities are left out. */
/** @type {(component: any, profile: any, place: number[], scale: number) => any} */
function asOnSky({ parameters, ...rest }, profile, [ra, dec], scale) {
  const places = { x: ["ra", ra], y: ["dec", dec] };
  const units = { pixel: scale, "data/pixel": scale && scale ** -2 };
  const moved = profile.parameters
    .filter(({ name, unit }) => name in parameters && (name in places || !(unit in units) || scale))
    .map(({ name, unit }) => places[name] ? [places[name][0], Number(places[name][1].toFixed(7))]
      : [name, unit in units ? Number((parameters[name] * units[unit]).toPrecision(4)) : parameters[name]]);
  return { ...rest, parameters: Object.fromEntries(moved) };
}

/** A component of a profile at (x, y), as bright as what the image shows there over its sky. */
export function newComponent(name, profile, plane, x, y) {
  const parameters = {};
  const height = plane ? Math.max((valueAt(plane, x, y) || 0) - quantile(plane.sorted, 0.3), 1e-6) : 1;
  const handles = handlesOf(profile);
  for (const parameter of profile.parameters) {
    const value = start(parameter, { x, y, height, handles });
    if (value !== null) parameters[parameter.name] = value;
  }
  return { name, profile: profile.name, parameters };
}

function start(parameter, { x, y, height, handles }) {
  const own = { x: Number(x.toFixed(2)), y: Number(y.toFixed(2)), q: 0.8, pa: 45 }[parameter.name];
  if (own !== undefined) return own;
  if (parameter.name === handles?.radius) return RADIUS;
  if (parameter.unit === "data/pixel" && parameter.name !== "i") return Number((height / 2).toPrecision(4));
  if (parameter.unit === "data") return Number((height * Math.PI * RADIUS ** 2).toPrecision(4));
  return parameter.initialised ? null : middle(parameter);
}

/** A value well within a parameter's limits. */
function middle({ min, max }) {
  if (min === undefined || max === undefined) return min !== undefined ? min + 1 : 0;
  return min > 0 ? Number(Math.sqrt(min * max).toPrecision(3)) : (min + max) / 2;
}
