/** Where a pixel is on the sky, by the service's map of an image (GET /v1/uploads/{id}/sky). */

const DEGREE = Math.PI / 180;
const ARCSEC = DEGREE / 3600;

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
