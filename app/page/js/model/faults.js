/** The service's faults at their place in a request: "$.components[1].parameters.q.value" belongs to a field. */

/** The fault of exactly a place, of something in it, or of the part that it lies in where nothing nearer is shown. */
export const faultsAt = (faults, place) =>
  faults.filter(({ path }) => path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`));

/** The faults that belong to no component and no stage, which a general place has to tell. */
export const faultsElsewhere = (faults) => faults.filter(({ path }) => !/^\$\.(components|stages)\[\d+\]/.test(path));

export const sentence = ({ message, expected }) => `${message}${expected ? ` (expected ${expected})` : ""}`;

/** Where a fault is, in the request's own words: "bulge, r_e" for "$.components[1].parameters.r_e". */
export function placeOf(path, request) {
  const steps = [...path.replace(/^\$\.?/, "").matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, at]) => name ?? Number(at));
  const [part, at, ...rest] = steps;
  if (part === undefined) return "the request";
  const named = Number.isInteger(at) ? request[part]?.[at] : null;
  const words = rest.filter((step) => !["parameters", "value", "options"].includes(step)).join(" ").replaceAll("_", " ");
  const title = part === "components" ? named?.name
    : part === "images" ? (request.images?.length > 1 ? `image ${named?.name ?? at + 1}` : "the image")
    : part === "stages" ? `stage ${at + 1}${named?.method ? `, ${named.method}` : ""}`
    : part === "constraints" ? `constraint ${named?.expression ?? at + 1}` : [part, ...(at === undefined ? [] : [at])].join(" ");
  return [title ?? `${part} ${at}`, words].filter(Boolean).join(", ");
}
