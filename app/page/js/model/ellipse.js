/** A component as an ellipse on the image: what is dragged there, and what that does to its parameters. */

import { onImage, onSky } from "./sky-ellipse.js";

const DEGREE = Math.PI / 180;
const NARROWEST = 0.02;

/** Which of a profile's parameters are the ellipse's. `radius` is its first length; null without a centre. */
export function handlesOf(profile) {
  const names = new Set(profile.parameters.map(({ name }) => name));
  if (!names.has("x") || !names.has("y")) return null;
  const lengths = profile.parameters.filter(({ name, unit }) => unit === "pixel" && name !== "x" && name !== "y");
  const radius = lengths.find(({ scale }) => scale === "log") ?? lengths[0];
  return { radius: radius?.name ?? null, q: names.has("q"), pa: names.has("pa") };
}

/**
 * {name, x, y, r, q, pa, point} of a component in pixels, or null where it has no place. `value` gives "a.x"; of one that
 * is on the sky, `map` is the image's (see image/sky.js).
 */
export function ellipseOf(component, profile, value, map = null) {
  const handles = profile && handlesOf(profile);
  if (!handles) return null;
  const of = (name, otherwise) => {
    const found = name === null ? NaN : value(`${component.name}.${name}`);
    return Number.isFinite(found) ? found : otherwise;
  };
  const point = handles.radius === null;
  const shape = { q: handles.q ? of("q", 1) : 1, pa: handles.pa ? of("pa", 0) : 0 };
  const known = { name: component.name, point, handles, map };
  if (map) {
    const place = { ra: of("ra", NaN), dec: of("dec", NaN), r: of(handles.radius, 4), ...shape };
    const seen = Number.isFinite(place.ra) && Number.isFinite(place.dec) && onImage(map, place);
    return seen ? { ...known, ...seen, r: point ? 4 : seen.r } : null;
  }
  const [x, y] = [of("x", NaN), of("y", NaN)];
  if (!Number.isFinite(x) || !Number.isFinite(y)) return null;
  return { ...known, x, y, r: of(handles.radius, point ? 4 : 10), ...shape };
}

/** Where the end of an axis is: `major` along pa (counter-clockwise from +y), `minor` a quarter turn on. */
export function axisEnd(ellipse, axis) {
  const angle = ellipse.pa * DEGREE + (axis === "minor" ? Math.PI / 2 : 0);
  const length = axis === "minor" ? ellipse.r * ellipse.q : ellipse.r;
  return [ellipse.x - length * Math.sin(angle), ellipse.y + length * Math.cos(angle)];
}

/** How far the ellipse reaches above its centre. */
export function topOf({ r, q, pa }) {
  return Math.hypot(r * Math.cos(pa * DEGREE), r * q * Math.sin(pa * DEGREE));
}

/** New values after the end of the major axis was dragged to a point: stretched and turned. */
export function majorTo(ellipse, x, y) {
  const [right, up] = [x - ellipse.x, y - ellipse.y];
  const r = Math.max(0.1, Math.hypot(right, up));
  return { r, pa: halfTurn(Math.atan2(-right, up) / DEGREE) };
}

/** New axis ratio after the end of the minor axis was dragged to a point. */
export function minorTo(ellipse, x, y) {
  const angle = ellipse.pa * DEGREE + Math.PI / 2;
  const along = Math.abs(-(x - ellipse.x) * Math.sin(angle) + (y - ellipse.y) * Math.cos(angle));
  return { q: Math.min(1, Math.max(NARROWEST, along / ellipse.r)) };
}

/** Changes of the ellipse as parameters of its component, rounded to what a hand can mean. */
export function asParameters(ellipse, changes) {
  return ellipse.map ? asSkyParameters(ellipse, changes) : asPixelParameters(ellipse, changes);
}

function asSkyParameters(ellipse, changes) {
  const sky = onSky(ellipse.map, { ...ellipse, ...changes });
  if (!sky) return {};
  const moved = "x" in changes || "y" in changes;
  return {
    ...(moved ? { ra: round(sky.ra, 7), dec: round(sky.dec, 7) } : {}),
    ...asPixelParameters(ellipse, {
      r: "r" in changes ? sky.r : undefined, q: "q" in changes ? sky.q : undefined, pa: "pa" in changes ? sky.pa : undefined,
    }),
  };
}

/** @type {(ellipse: any, changes: Record<string, number | undefined>) => any} */
function asPixelParameters(ellipse, { x, y, r, q, pa }) {
  const values = {};
  if (x !== undefined) values.x = round(x, 2);
  if (y !== undefined) values.y = round(y, 2);
  if (r !== undefined && ellipse.handles.radius) values[ellipse.handles.radius] = round(r, 3);
  if (q !== undefined && ellipse.handles.q) values.q = round(q, 3);
  if (pa !== undefined && ellipse.handles.pa) values.pa = round(pa, 1);
  return values;
}

/** What a key does to the ellipse, or null. Arrows move, [ ] turn, + − stretch, < > flatten; with Shift ten times. */
export function keyed(ellipse, key, shift) {
  const step = shift ? 10 : 1;
  const moves = {
    ArrowLeft: { x: ellipse.x - step }, ArrowRight: { x: ellipse.x + step },
    ArrowUp: { y: ellipse.y + step }, ArrowDown: { y: ellipse.y - step },
    "[": { pa: halfTurn(ellipse.pa + 2) }, "{": { pa: halfTurn(ellipse.pa + 20) },
    "]": { pa: halfTurn(ellipse.pa - 2) }, "}": { pa: halfTurn(ellipse.pa - 20) },
    "+": { r: ellipse.r * 1.05 }, "=": { r: ellipse.r * 1.05 }, "-": { r: ellipse.r / 1.05 }, _: { r: ellipse.r / 1.05 },
    "<": { q: Math.max(NARROWEST, ellipse.q - 0.02) }, ",": { q: Math.max(NARROWEST, ellipse.q - 0.02) },
    ">": { q: Math.min(1, ellipse.q + 0.02) }, ".": { q: Math.min(1, ellipse.q + 0.02) },
  };
  return moves[key] ?? null;
}

const halfTurn = (angle) => ((angle % 180) + 180) % 180;
const round = (value, digits) => Number(value.toFixed(digits));
