/** NumPy's .npy format, as far as the service sends it: little-endian float32 in C order, (height, width). */

const MAGIC = "\u0093NUMPY";

/** The array in a buffer, without a copy where alignment allows it. */
export function readNpy(buffer) {
  const bytes = new Uint8Array(buffer);
  const latin = (from, to) => String.fromCharCode(...bytes.subarray(from, to));
  if (latin(0, 6) !== MAGIC) throw new Error("These are not the pixels of an image.");
  const view = new DataView(buffer);
  const long = bytes[6] > 1;
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = latin(start, end);
  const shape = /'shape': \((\d+), (\d+)\)/.exec(header);
  if (!shape || !header.includes("'<f4'") || header.includes("'fortran_order': True")) {
    throw new Error("The pixels came in a form that this page does not read.");
  }
  const [height, width] = [Number(shape[1]), Number(shape[2])];
  const aligned = end % 4 === 0 ? buffer : buffer.slice(end);
  return { width, height, values: new Float32Array(aligned, end % 4 === 0 ? end : 0, width * height) };
}
