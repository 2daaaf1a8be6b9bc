/** What is done to a component's isophotes: modifiers, by name or {name: setting}, that bring parameters of their own. */

import { handlesOf } from "./ellipse.js";
import { readParameter } from "./parameters.js";

/** [{name, setting}] of a component; the setting is null where only the name stands there. */
export const modifiersOf = ({ geometry = [] }) => geometry.map((item) => {
  if (typeof item === "string") return { name: item, setting: null };
  const [[name, setting]] = Object.entries(item);
  return { name, setting };
});

/** Whether a profile has elliptical isophotes, which can be modified. */
export const isElliptical = ({ parameters }) => ["x", "y", "q", "pa"].every((name, at) => parameters[at]?.name === name);

/** The component with another profile. Of its parameters those stay that the next profile has, by their `names`, and, where
 * modifiers stay, whatever the earlier profile did not bring (`own`): a modifier's, though what it brings may not be told yet. */
export function withProfile({ name, convolve, images, geometry, parameters = {} }, profile, names, own) {
  const modified = geometry && isElliptical(profile);
  const kept = Object.fromEntries(Object.entries(parameters).filter(([key]) => names.includes(key) || (modified && !own.includes(key))));
  return {
    name,
    profile: profile.name,
    ...(convolve !== undefined && { convolve }),
    ...(images && { images }),
    ...(modified && { geometry }),
    parameters: kept,
  };
}

/** The component with a modifier as the service describes it, in the place of an earlier description of the same or new. */
export function withModifier(component, profile, described, earlier = null) {
  const parameters = withoutThose(component, earlier, new Set(described.parameters.map(({ name }) => name)));
  for (const parameter of described.parameters) {
    if (parameter.initialised || parameter.name in parameters) continue;
    parameters[parameter.name] = begin(parameter, component, profile);
  }
  const item = described.setting === null ? described.name : { [described.name]: described.setting };
  return { ...component, geometry: [...withoutName(component, described.name), item], parameters };
}

/** The component without a modifier and its parameters. */
export function withoutModifier(component, described) {
  const geometry = withoutName(component, described.name);
  const { geometry: _, ...rest } = { ...component, parameters: withoutThose(component, described, new Set()) };
  return geometry.length ? { ...rest, geometry } : rest;
}

/** A setting as it is typed: "1, 3" for a list, "4", "log". */
export const writtenSetting = (setting) => (Array.isArray(setting) ? setting.join(", ") : String(setting ?? ""));

/** What was typed, as the service takes it: a list where the modifier's settings are lists. */
export function readSetting(text, usual) {
  const parts = text.split(",").map((part) => part.trim()).filter(Boolean);
  const read = parts.map((part) => (Number.isFinite(Number(part)) ? Number(part) : part));
  return Array.isArray(usual) || read.length > 1 ? read : read[0] ?? null;
}

function withoutName(component, name) {
  const modifiers = modifiersOf(component);
  return (component.geometry ?? []).filter((_, at) => modifiers[at].name !== name);
}

function withoutThose({ parameters = {} }, described, kept) {
  const gone = new Set((described?.parameters ?? []).map(({ name }) => name).filter((name) => !kept.has(name)));
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !gone.has(name)));
}

/** A first value where the image cannot give one: three times the component's own length, a quarter turn. */
function begin(parameter, component, profile) {
  if (parameter.unit === "degree") return 90;
  const { radius } = handlesOf(profile) ?? {};
  const own = readParameter(component.parameters?.[radius]).value;
  return Number((3 * (Number.isFinite(own) ? own : 5)).toPrecision(3));
}
