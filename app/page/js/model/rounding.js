/** Values and uncertainties as a paper prints them: the Particle Data Group's rule, as `fitting.rounding` has it. */

/** [value, uncertainty] as text; the latter is empty where there is none to round by. */
export function roundMeasurement(value, uncertainty) {
  if (!Number.isFinite(value)) return [String(value), ""];
  if (!Number.isFinite(uncertainty) || uncertainty <= 0) return [general(value), ""];
  return fixedAlike([value, uncertainty], uncertainty);
}

/** [value, below, above] as text, all to the digits that the smaller distance supports; both are empty where either is
 * none to round by. */
export function roundAsymmetric(value, below, above) {
  const usable = [value, below, above].every(Number.isFinite) && below > 0 && above > 0;
  return usable ? fixedAlike([value, below, above], Math.min(below, above)) : [...roundMeasurement(value, null), ""];
}

/** Numbers to the digits that an uncertainty supports, with a power of ten that they share. */
function fixedAlike(numbers, uncertainty) {
  const leading = Math.floor(Math.log10(uncertainty) + 1e-12);
  const three = Math.round(uncertainty / 10 ** (leading - 2));
  const place = three < 355 ? leading - 1 : leading;
  const largest = Math.floor(Math.log10(Math.max(...numbers.map(Math.abs))));
  const exponent = largest >= -4 && largest < 7 ? 0 : largest;
  return numbers.map((number) => fixed(number, place, exponent));
}

/** Six significant digits at most, without trailing zeros. */
export function general(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return String(Number(value.toPrecision(6)));
}

function fixed(number, place, exponent) {
  const unit = 10 ** place;
  const rounded = (Math.round(number / unit) * unit) / 10 ** exponent;
  const digits = (rounded === 0 ? 0 : rounded).toFixed(Math.max(0, exponent - place));
  return exponent ? `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}` : digits;
}
