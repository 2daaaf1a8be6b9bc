/** The values of a request's parameters, links followed. */

import { evaluate } from "./expressions.js";
import { readParameter } from "./parameters.js";
import { valueIn } from "./varying.js";

const DEEPEST = 20;

/** A function from "a.x" to its value in an image, by default the first; NaN where it has none. */
export function valuesOf(request, image = request.images?.[0]?.name ?? "image") {
  const components = new Map(request.components.map((component) => [component.name, component]));
  const lookup = (name, depth) => {
    const [, owner, parameter, within = image] = /^([^.]*)\.?(\w*)(?:\[["']?([^\]"']*)["']?\])?$/.exec(name) ?? [];
    const component = components.get(owner);
    const { value, link, whole } = readParameter(component?.parameters?.[parameter]);
    if (whole) return depth > DEEPEST ? NaN : valueIn(whole, within, request, component, (text) => evaluate(text, (other) => lookup(other, depth + 1)));
    if (link === undefined || depth > DEEPEST) return value ?? NaN;
    return evaluate(link, (other) => lookup(other, depth + 1));
  };
  return (name) => lookup(name, 0);
}
