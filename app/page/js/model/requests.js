/** Requests as the page edits them: plain JSON, changed by functions that give a new one. */

/** {upload, hdu, plane} of a plane, however the request writes it; null where it names no file. */
export function reference(plane) {
  if (typeof plane === "string") {
    const match = /^(.*?)(?:\[([^[\]]+)\](?:\[(\d+)\])?)?$/.exec(plane);
    const [hdu, number] = match.slice(2).map((text) => (text === undefined ? undefined : numbered(text)));
    return { upload: match[1], hdu, ...(number === undefined ? {} : { plane: number }) };
  }
  return plane && typeof plane === "object" && "upload" in plane ? plane : null;
}

/** The request with every file renamed, such as from a name to an upload's id. */
export function withFiles(request, rename) {
  const renamed = (plane) => {
    const named = reference(plane);
    if (!named || !(named.upload in rename)) return plane;
    return { ...(typeof plane === "object" ? plane : {}), ...clean({ ...named, upload: rename[named.upload] }) };
  };
  const image = (spec) => Object.fromEntries(Object.entries(spec).map(([key, value]) => [key, renamed(value)]));
  return { ...request, images: request.images.map(image) };
}

/** The first pixel of an image's window in the full frame. */
export const originOf = (image) => [image.window?.x?.[0] ?? 0, image.window?.y?.[0] ?? 0];

export const componentOf = (request, name) => request.components.find((component) => component.name === name);

export function withComponent(request, name, change) {
  const components = request.components.map((component) => (component.name === name ? change(component) : component));
  return { ...request, components };
}

/** The request with one more component; its name is free. */
export const withNew = (request, component) => ({ ...request, components: [...request.components, component] });

/** A name that no component has: a letter and the first free number. */
export function freeName(request, letter) {
  const taken = new Set(request.components.map(({ name }) => name));
  for (let number = 1; ; number += 1) if (!taken.has(`${letter}${number}`)) return `${letter}${number}`;
}

/** The request with the values that a fit ended at; limits, links and priors stay. */
export function withValues(request, parameters) {
  const values = Object.fromEntries(parameters.map(({ name, value }) => [name, value]));
  const components = request.components.map((component) => {
    const changed = Object.entries(component.parameters ?? {}).map(([key, spec]) => [key, moved(spec, `${component.name}.${key}`, values)]);
    const filled = parameters
      .filter(({ name }) => name.startsWith(`${component.name}.`) && !/\[|\..*\./.test(name))
      .map(({ name, value }) => [name.slice(component.name.length + 1), value])
      .filter(([key]) => !(key in (component.parameters ?? {})));
    return { ...component, parameters: Object.fromEntries([...changed, ...filled]) };
  });
  return { ...request, components };
}

/** Names of the parameters that follow others. */
export const linkedNames = (request) => new Set(request.components.flatMap(({ name, parameters }) =>
  Object.entries(parameters ?? {})
    .filter(([, written]) => typeof written === "string" || typeof written?.value === "string")
    .map(([key]) => `${name}.${key}`)));

/** What is said of a parameter with the value that it ended at; of one that differs between images with those of each. */
function moved(spec, name, values) {
  if (spec === null || typeof spec === "string" || typeof spec?.value === "string") return spec;
  if (spec?.by_image) {
    const each = Object.entries(spec.by_image).map(([image, said]) => [image, moved(said, `${name}[${image}]`, values)]);
    return { ...spec, by_image: Object.fromEntries(each) };
  }
  if (spec?.polynomial) return { ...spec, polynomial: spec.polynomial.map((said, order) => moved(said, `${name}.c${order}`, values)) };
  const value = values[name];
  if (value === undefined) return spec;
  return typeof spec === "number" || Object.keys(spec).length === 0 ? value : { ...spec, value };
}

const numbered = (text) => (/^\d+$/.test(text) ? Number(text) : text);
const clean = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
