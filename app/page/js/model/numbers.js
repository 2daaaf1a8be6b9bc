/** Numbers as somebody types them, and as a field shows them. */

const PLAIN = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** The number in a text, with a decimal point or comma and any minus sign; null where it is none that is finite. */
export function numberIn(text) {
  const plain = text.trim().replace(/[−–]/g, "-");
  const pointed = /^[^.,]*,[^.,]*$/.test(plain) ? plain.replace(",", ".") : plain;
  const value = PLAIN.test(pointed) ? Number(pointed) : NaN;
  return Number.isFinite(value) ? value : null;
}

export const written = (value, digits = 7) =>
  value === null || value === undefined ? "" : String(Number(Number(value).toPrecision(digits)));
