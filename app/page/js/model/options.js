/** Options of a profile, such as the radii of a spline's nodes or the images of a basis, as fields show them. */

import { reference } from "./requests.js";

/** Those with a field of their own elsewhere. */
const ELSEWHERE = new Set(["brightness", "symbols"]);

const variants = (schema) => [schema, ...(schema.anyOf ?? [])];
const typesOf = (schema) => variants(schema).map(({ type }) => type);

/** "images", "image", "numbers", "number" or "text" of an option's JSON Schema. */
export function kindOfOption(schema) {
  const list = variants(schema).find(({ type }) => type === "array");
  if (list) {
    const items = list.items ?? list.prefixItems?.[0] ?? {};
    return typesOf(items).some((type) => type === "number" || type === "integer") ? "numbers" : "images";
  }
  const types = typesOf(schema);
  if (types.includes("object")) return "image";
  return types.some((type) => type === "number" || type === "integer") ? "number" : "text";
}

/** [{name, kind, schema}] of a profile's options, those that have to be said first. */
export const fieldsOf = (schema) => Object.entries(schema?.properties ?? {}).filter(([name]) => !ELSEWHERE.has(name))
  .map(([name, own]) => ({ name, kind: kindOfOption(own), schema: own, needed: schema.required?.includes(name) ?? false }))
  .sort((one, two) => two.needed - one.needed);

/** "0, 2, 5" as numbers; null where something else stands there. */
export function numbersIn(text) {
  const parts = text.split(/[\s;]+|,\s*(?=\S)/).map((part) => part.replace(/,$/, "")).filter(Boolean);
  const numbers = parts.map(Number);
  return parts.length && numbers.every(Number.isFinite) ? numbers : null;
}

/** The component with an option changed, or as usual where nothing is said; of its parameters those that it still has stay. */
export function withOption(component, name, value, namesWith) {
  const { options: before = {}, ...rest } = component;
  const { [name]: _, ...others } = before;
  const options = value === undefined || value === null ? others : { ...others, [name]: value };
  const kept = namesWith ? Object.fromEntries(Object.entries(component.parameters ?? {}).filter(([key]) => namesWith.has(key))) : component.parameters;
  return { ...rest, ...(Object.keys(options).length && { options }), parameters: kept };
}

/** The key of a plane that an option names: "upload hdu". */
export const keyOfPlane = (plane) => {
  const named = reference(plane);
  return named ? `${named.upload} ${named.hdu ?? ""}` : "";
};
