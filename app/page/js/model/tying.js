/** Links between components, made by a choice: where one is, which shape it has, or one number of it. */

import { readParameter, writeParameter } from "./parameters.js";
import { valuesOf } from "./values.js";

const CENTRES = [["x", "y"], ["ra", "dec"]];
const SHAPE = ["q", "pa"];

/** What can be tied together: the parameters of each, those alone that both components have. */
export const TIES = { position: CENTRES, shape: [SHAPE, ["q"]] };

const hasAll = (names, keys) => keys.every((key) => names.has(key));

/** The parameters that a tie of a kind takes from one component to another; null where they have none in common. */
export const keysOf = (kind, own, others) => TIES[kind].find((keys) => hasAll(own, keys) && hasAll(others, keys)) ?? null;

/** The component that all of `keys` follow; "" where they follow none, or several. */
export function followed(component, keys) {
  const owners = new Set(keys.map((key) => /^\s*=\s*([A-Za-z_]\w*)\.(\w+)\s*$/.exec(readParameter(component.parameters?.[key]).link ?? "")).map((match, at) => (match?.[2] === keys[at] ? match[1] : "")));
  return owners.size === 1 ? [...owners][0] : "";
}

/** Whether a parameter of a component follows, by however many links, one of another. */
export function leadsTo(request, from, to) {
  const components = new Map(request.components.map((each) => [each.name, each]));
  const seen = new Set();
  const waiting = [from];
  while (waiting.length) {
    const name = waiting.pop();
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    const links = Object.values(components.get(name)?.parameters ?? {}).map((written) => readParameter(written).link).filter(Boolean);
    for (const link of links) for (const [, owner] of link.matchAll(/([A-Za-z_]\w*)\.\w+/g)) if (components.has(owner)) waiting.push(owner);
  }
  return false;
}

/** The component with some parameters following another's, or free again where `owner` is "". */
export function tied(request, component, keys, owner) {
  const value = valuesOf(request);
  const parameters = { ...component.parameters };
  for (const key of keys) {
    if (owner) parameters[key] = `= ${owner}.${key}`;
    else {
      const now = value(`${component.name}.${key}`);
      const { link: _, whole: __, ...said } = readParameter(parameters[key]);
      const written = writeParameter({ ...said, value: Number.isFinite(now) ? Number(now.toPrecision(10)) : null });
      if (written === undefined) delete parameters[key];
      else parameters[key] = written;
    }
  }
  return { ...component, parameters };
}

/** Parameters that one may follow, those of the same name first: ["bulge.pa", …]. */
export function choicesFor(request, component, key, parametersOf) {
  const others = request.components.filter(({ name }) => name !== component.name && !leadsTo(request, name, component.name));
  const all = others.flatMap((other) => parametersOf(other).map((name) => `${other.name}.${name}`));
  return [...all.filter((each) => each.endsWith(`.${key}`)), ...all.filter((each) => !each.endsWith(`.${key}`))];
}
