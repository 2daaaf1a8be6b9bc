/** Where a pixel is on the sky, by the service's map of an image (GET /v1/uploads/{id}/sky). */

const DEGREE = Math.PI / 180;
const ARCSEC = DEGREE / 3600;
const NEWTON_STEPS = 50;

/** Arcsec towards east and north on the tangent plane, of a pixel. */
export function tangentPlane(map, x, y) {
  const [p, s] = [(x - map.x0) / map.scale, (y - map.y0) / map.scale];
  const sum = (rows) => rows.reduce((total, row, i) => total + row.reduce((part, c, j) => part + c * p ** i * s ** j, 0), 0);
  return [sum(map.east), sum(map.north)];
}

/** Right ascension and declination of a pixel, degrees (inverse gnomonic projection, Calabretta & Greisen 2002). */
export function skyOfPixel(map, x, y) {
  const [east, north] = tangentPlane(map, x, y).map((arcsec) => arcsec * ARCSEC);
  const centre = map.dec * DEGREE;
  const along = Math.cos(centre) - north * Math.sin(centre);
  const ra = map.ra + Math.atan2(east, along) / DEGREE;
  const dec = Math.atan2(Math.sin(centre) + north * Math.cos(centre), Math.hypot(along, east)) / DEGREE;
  return [(ra + 360) % 360, dec];
}

/** Arcsec towards east and north on the tangent plane, of a place on the sky in degrees; null on its far side. */
function gnomonic(map, ra, dec) {
  const [turn, tilt, centre] = [(ra - map.ra) * DEGREE, dec * DEGREE, map.dec * DEGREE];
  const height = Math.sin(centre) * Math.sin(tilt) + Math.cos(centre) * Math.cos(tilt) * Math.cos(turn);
  if (height <= 0) return null;
  const north = Math.cos(centre) * Math.sin(tilt) - Math.sin(centre) * Math.cos(tilt) * Math.cos(turn);
  return [(Math.cos(tilt) * Math.sin(turn)) / height / ARCSEC, north / height / ARCSEC];
}

/** The pixel of a place on the sky, by Newton's method from the middle of the image; null where there is none. */
export function pixelOfSky(map, ra, dec) {
  const wanted = gnomonic(map, ra, dec);
  if (!wanted) return null;
  let [x, y] = [map.x0, map.y0];
  for (let step = 0; step < NEWTON_STEPS; step += 1) {
    const at = tangentPlane(map, x, y);
    const [ex, ey] = slopes(map, x, y);
    const [de, dn] = [wanted[0] - at[0], wanted[1] - at[1]];
    const determinant = ex[0] * ey[1] - ey[0] * ex[1];
    const [dx, dy] = [(ey[1] * de - ey[0] * dn) / determinant, (ex[0] * dn - ex[1] * de) / determinant];
    [x, y] = [x + dx, y + dy];
    if (Math.hypot(dx, dy) < 1e-7) return [x, y];
  }
  return null;
}

/** Arcsec towards east and north of a step of one pixel in x, and of one in y. */
function slopes(map, x, y) {
  const half = (right, up) => {
    const [after, before] = [tangentPlane(map, x + right / 2, y + up / 2), tangentPlane(map, x - right / 2, y - up / 2)];
    return [after[0] - before[0], after[1] - before[1]];
  };
  return [half(1, 0), half(0, 1)];
}

/** Pixels by arcsec towards the local east and north at a place on the sky: [[x by east, x by north], [y …]]; or null. */
export function pixelsByArcsec(map, ra, dec) {
  const step = compassOf(map).scale;
  const eastward = step / 3600 / Math.cos(dec * DEGREE);
  const between = (after, before) => after && before && [(after[0] - before[0]) / (2 * step), (after[1] - before[1]) / (2 * step)];
  const east = between(pixelOfSky(map, ra + eastward, dec), pixelOfSky(map, ra - eastward, dec));
  const north = between(pixelOfSky(map, ra, dec + step / 3600), pixelOfSky(map, ra, dec - step / 3600));
  return east && north && [[east[0], north[0]], [east[1], north[1]]];
}

/** Unit vectors of the image towards east and north in its middle, and arcsec per pixel. */
export function compassOf(map) {
  const step = (right, up) => tangentPlane(map, map.x0 + right, map.y0 + up);
  const [[ex, nx], [ey, ny]] = [step(1, 0), step(0, 1)];
  const determinant = ex * ny - ey * nx;
  const unit = (x, y) => [x / Math.hypot(x, y), y / Math.hypot(x, y)];
  return {
    east: unit(ny / determinant, -nx / determinant),
    north: unit(-ey / determinant, ex / determinant),
    scale: Math.sqrt(Math.abs(determinant)),
  };
}

/** As hours, minutes and seconds, and degrees, minutes and seconds. */
export function sexagesimal(ra, dec) {
  const split = (value, digits) => {
    const unit = 10 ** digits;
    const total = Math.round(Math.abs(value) * 3600 * unit);
    const seconds = (total % (60 * unit)) / unit;
    const minutes = Math.floor(total / (60 * unit)) % 60;
    const whole = Math.floor(total / (3600 * unit));
    const pad = (number, width) => number.toString().padStart(width, "0");
    return `${pad(whole, 2)}:${pad(minutes, 2)}:${pad(seconds.toFixed(digits), digits ? digits + 3 : 2)}`;
  };
  return `${split(ra / 15, 2)} ${dec < 0 ? "−" : "+"}${split(dec, 1)}`;
}
