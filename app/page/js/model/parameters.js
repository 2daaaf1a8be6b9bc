/** One parameter of a request: a number, "= expression", or an object with value, min, max, fixed, prior. */

/** All that is said of it, whichever way it is written. `whole` keeps what the page does not edit, such as by_image. */
export function readParameter(written) {
  if (written === undefined || written === null) return { value: null };
  if (typeof written === "number") return { value: written };
  if (typeof written === "string") return { value: null, link: written };
  if ("by_image" in written || "polynomial" in written) return { value: null, whole: written };
  const { value, ...rest } = written;
  return typeof value === "string" ? { ...rest, value: null, link: value } : { ...rest, value: value ?? null };
}

/**
 * The shortest way to write it; undefined where nothing is said, so that the service finds a value.
 * @param {Record<string, any>} said
 */
export function writeParameter({ value, link, min, max, fixed, prior, whole }) {
  if (whole) return whole;
  const said = {};
  if (link !== undefined) said.value = link;
  else {
    if (value !== null && value !== undefined) said.value = value;
    if (isNumber(min)) said.min = min;
    if (isNumber(max)) said.max = max;
    if (fixed && "value" in said) said.fixed = true;
  }
  if (prior) said.prior = prior;
  const keys = Object.keys(said);
  if (keys.length === 0) return undefined;
  return keys.length === 1 && keys[0] === "value" ? said.value : said;
}

/** How it stands: free, fixed, linked, or varied (between images). */
export function standing({ link, fixed, whole }) {
  if (whole) return "varied";
  if (link !== undefined) return "linked";
  return fixed ? "fixed" : "free";
}

/** The component with one parameter changed by a function of what was said of it. */
export function withParameter(component, name, change) {
  const parameters = { ...component.parameters };
  const written = writeParameter(change(readParameter(parameters[name])));
  if (written === undefined) delete parameters[name];
  else parameters[name] = written;
  return { ...component, parameters };
}

/** The component with new values, in `image` of those that have one in each; `now` tells what stood, by which a polynomial
 * is moved as a whole. Linked parameters stay as they are. */
export function withValuesOf(component, values, image = null, now = (_name) => NaN) {
  let changed = component;
  const put = (said, value) => (said.link !== undefined ? said : { ...said, value: within(value, said) });
  for (const [name, value] of Object.entries(values)) {
    changed = withParameter(changed, name, (said) => (said.whole ? { ...said, whole: varied(said.whole, value, image, now(name), put) } : put(said, value)));
  }
  return changed;
}

function varied(whole, value, image, before, put) {
  const part = (written, next) => writeParameter(put(readParameter(written), next)) ?? written;
  if (whole.by_image) return image in whole.by_image ? { ...whole, by_image: { ...whole.by_image, [image]: part(whole.by_image[image], value) } } : whole;
  const [first, ...others] = whole.polynomial;
  const { value: level } = readParameter(first);
  return Number.isFinite(level) && Number.isFinite(before) ? { ...whole, polynomial: [part(first, Number((level + value - before).toPrecision(7))), ...others] } : whole;
}

function within(value, { min, max }) {
  return Math.min(isNumber(max) ? max : Infinity, Math.max(isNumber(min) ? min : -Infinity, value));
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
