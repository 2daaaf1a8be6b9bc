/** A new component where the image was pointed at: values that a fit can start from. */

import { valueAt } from "../image/planes.js";
import { quantile } from "../image/cuts.js";
import { handlesOf } from "./ellipse.js";
import { freeName, withNew } from "./requests.js";

const RADIUS = 5;

/** The request with a component at (x, y) like those that are there, and its name. */
export function addAt(request, { profiles }, plane, x, y) {
  const placed = request.components.map(({ profile }) => profiles.find(({ name }) => name === profile)).filter((profile) => profile && handlesOf(profile));
  const profile = placed.at(-1) ?? profiles.find(({ name }) => name === "sersic") ?? profiles.find(handlesOf);
  const name = freeName(request, profile.name.charAt(0));
  return { next: withNew(request, newComponent(name, profile, plane, x, y)), name };
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
