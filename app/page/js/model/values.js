/** The values of a request's parameters, links followed. */

import { evaluate } from "./expressions.js";
import { readParameter } from "./parameters.js";

const DEEPEST = 20;

/** A function from "a.x" to its value; NaN where it has none. */
export function valuesOf(request) {
  const components = new Map(request.components.map((component) => [component.name, component]));
  const lookup = (name, depth) => {
    const [owner, parameter] = name.split(".");
    const { value, link } = readParameter(components.get(owner)?.parameters?.[parameter]);
    if (link === undefined || depth > DEEPEST) return value ?? NaN;
    return evaluate(link, (other) => lookup(other, depth + 1));
  };
  return (name) => lookup(name, 0);
}
