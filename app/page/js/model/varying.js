/** Parameters that differ between images: a value in each, or a polynomial of the images' wavelengths. */

import { readParameter, writeParameter } from "./parameters.js";

export const MOST_ORDERS = 12;

const nameOf = (image) => image.name ?? "image";

/** Names of the images that a component is seen in. */
export const seenIn = (request, component) => {
  const all = request.images.map(nameOf);
  return component.images ? all.filter((name) => component.images.includes(name)) : all;
};

/** "by image", "polynomial" or null. */
export const kindOfVarying = (whole) => (whole?.by_image ? "by image" : whole?.polynomial ? "polynomial" : null);

/** Where each image's wavelength lies between the shortest, −1, and the longest, 1; null where one has none, or all the same. */
export function placesOf(request, names) {
  const waves = names.map((name) => request.images.find((image) => nameOf(image) === name)?.wavelength);
  if (!waves.every((wave) => Number.isFinite(wave))) return null;
  const [shortest, longest] = [Math.min(...waves), Math.max(...waves)];
  if (shortest === longest) return null;
  return Object.fromEntries(names.map((name, at) => [name, (2 * (waves[at] - shortest)) / (longest - shortest) - 1]));
}

/** Σ c_k T_k(t) with Chebyshev polynomials. */
export function chebyshev(coefficients, t) {
  let [before, now, sum] = [1, t, coefficients[0] ?? 0];
  for (const each of coefficients.slice(1)) {
    sum += each * now;
    [before, now] = [now, 2 * t * now - before];
  }
  return sum;
}

/** The value of a varying parameter in an image, by what stands in the request; `lookup` follows links. */
export function valueIn(whole, image, request, component, lookup) {
  const said = (written) => {
    const { value, link } = readParameter(written);
    return link === undefined ? value ?? NaN : lookup(link);
  };
  if (whole.by_image) return said(whole.by_image[image] ?? Object.values(whole.by_image)[0]);
  const coefficients = whole.polynomial.map(said);
  if (coefficients.length === 1) return coefficients[0];
  const places = placesOf(request, seenIn(request, component));
  return places && image in places ? chebyshev(coefficients, places[image]) : NaN;
}

const number = (value) => (Number.isFinite(value) ? Number(value.toPrecision(7)) : null);

/** What is said of one parameter as a value in each of some images, beginning with what it is there now. */
export const asByImage = (names, said, valueOf) => ({ by_image: Object.fromEntries(names.map((name) => [name,
  writeParameter({ value: number(valueOf(name)), min: said.min, max: said.max, fixed: said.fixed }) ?? {}])) });

/** As a polynomial that begins as the mean of its values now, with a first slope of zero. */
export function asPolynomial(names, valueOf) {
  const known = names.map(valueOf).filter(Number.isFinite);
  return { polynomial: [known.length ? number(known.reduce((sum, value) => sum + value, 0) / known.length) : {}, 0] };
}

/** A varying parameter with what is said of it in one image, or of one coefficient, changed. */
export function withPart(whole, key, change) {
  const changed = (written) => writeParameter(change(readParameter(written))) ?? {};
  if (whole.by_image) return { ...whole, by_image: { ...whole.by_image, [key]: changed(whole.by_image[key] ?? {}) } };
  return { ...whole, polynomial: whole.polynomial.map((each, at) => (at === key ? changed(each) : each)) };
}

/** A polynomial with one coefficient more, of zero, or without its last. */
export const withOrders = (whole, more) => ({ ...whole, polynomial: more ? [...whole.polynomial, 0] : whole.polynomial.slice(0, -1) });

/** The component seen in some images alone; what it says of others goes. */
export function seenOnlyIn(component, names, all) {
  const { images: _, ...rest } = component;
  const parameters = Object.fromEntries(Object.entries(component.parameters ?? {}).map(([key, written]) => [key, written?.by_image
    ? { ...written, by_image: Object.fromEntries(names.map((name) => [name, written.by_image[name] ?? {}])) } : written]));
  return { ...rest, ...(names.length < all.length && { images: names }), parameters };
}

/** The request with one more image of the same field; what differs between images has an empty place for it. */
export function withAnotherImage(request, image) {
  const all = [...request.images.map(nameOf), image.name];
  return { ...request, images: [...request.images, image], components: request.components.map((each) => (each.images ? each : seenOnlyIn(each, all, all))) };
}

/** The request without an image, and without what it says of it. Of one image that is left nothing differs any more. */
export function withoutImage(request, name) {
  const images = request.images.filter((image) => nameOf(image) !== name);
  const all = images.map(nameOf);
  const components = request.components.map((component) => {
    const names = seenIn(request, component).filter((each) => each !== name);
    return names.length ? seenOnlyIn(component, names, all) : null;
  }).filter(Boolean);
  return { ...request, images, components };
}
