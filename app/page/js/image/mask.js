/**
 * A mask that is painted: a picture of a plane as it is shown, in which what is coloured is not used. Of a large image a
 * pixel of the picture stands for a block of bin × bin pixels.
 */

const COLOUR = "#ff4d6d";

export class Mask {
  /** For a plane {width, height, origin, bin} of an image of `shape`, [height, width]. */
  constructor({ width, height, origin = [0, 0], bin = 1 }, shape = [height, width]) {
    this.bin = bin;
    this.shape = shape;
    this.surface = Object.assign(document.createElement("canvas"), { width, height });
    this.context = this.surface.getContext("2d", { willReadFrequently: true });
    this.context.fillStyle = this.context.strokeStyle = COLOUR;
    this.context.lineCap = "round";
    this.origin = origin;
  }

  /** Take over a plane of a file, averaged over the same blocks: every value but 0 is masked. */
  load({ width, height, values }) {
    const image = this.context.createImageData(width, height);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        if (values[y * width + x] !== 0) image.data.set([255, 77, 109, 255], 4 * ((height - 1 - y) * width + x));
      }
    }
    this.context.putImageData(image, 0, 0);
  }

  /** Paint, or take away, a line between two points of the full frame. */
  stroke(from, to, radius, erase) {
    const { context, bin } = this;
    /** @type {(place: number[]) => [number, number]} */
    const place = ([x, y]) => [(x - this.origin[0] + 0.5) / bin, this.surface.height - (y - this.origin[1] + 0.5) / bin];
    context.globalCompositeOperation = erase ? "destination-out" : "source-over";
    context.lineWidth = Math.max(1, (2 * radius) / bin);
    context.beginPath();
    context.moveTo(...place(from));
    context.lineTo(...place([to[0] + 1e-3, to[1]]));
    context.stroke();
  }

  /** A whole stroke, {points, radius, erase}. */
  paint({ points, radius, erase = false }) {
    points.forEach((point, at) => this.stroke(points[Math.max(0, at - 1)], point, radius, erase));
  }

  /** The mask as an .npy file of bytes of the image's own shape, the first row at the bottom. */
  npy() {
    const { width: columns, height: rows } = this.surface;
    const [height, width] = this.shape;
    const { data } = this.context.getImageData(0, 0, columns, rows);
    const bytes = new Uint8Array(width * height);
    for (let y = 0; y < height; y += 1) {
      const row = (rows - 1 - Math.floor(y / this.bin)) * columns;
      for (let x = 0; x < width; x += 1) bytes[y * width + x] = data[4 * (row + Math.floor(x / this.bin)) + 3] > 127 ? 1 : 0;
    }
    return writeNpy(bytes, height, width);
  }
}

/** Bytes as .npy, (height, width). */
export function writeNpy(bytes, height, width) {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${height}, ${width}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = new Uint8Array(10 + length).fill(0x20);
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  head.set(Array.from(text, (sign) => sign.charCodeAt(0)), 10);
  head[head.length - 1] = 0x0a;
  return new Blob([head, bytes], { type: "application/octet-stream" });
}
