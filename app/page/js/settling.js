/** A draft's request as the service takes it: what is painted on its masks becomes planes, or shapes beside a mask that it has. */

import { Mask } from "./image/mask.js";
import { binFor, loadPlane } from "./image/planes.js";
import { reference } from "./model/requests.js";
import { capsulesOf } from "./model/strokes.js";
import { getJson, pixelsOf, upload } from "./service.js";

const MOST_SHAPES = 1000;
const sent = new Map();

/** The request with all that is painted; the same strokes are sent once. */
export async function settled({ request, strokes = {} }) {
  const images = await Promise.all(request.images.map((image) => withStrokes(image, strokes[image.name ?? "image"] ?? [])));
  return images.every((image, at) => image === request.images[at]) ? request : { ...request, images };
}

async function withStrokes(image, strokes) {
  if (!strokes.length) return image;
  // A mask of the file's own keeps its bits: what is painted beside it goes as shapes.
  const shapes = [...(image.mask_shapes ?? []), ...strokes.flatMap(capsulesOf)];
  if (image.mask && !strokes.some(({ erase }) => erase) && shapes.length <= MOST_SHAPES) return { ...image, mask_shapes: shapes };
  const key = JSON.stringify([image.data, image.mask ?? null, strokes]);
  if (!sent.has(key)) sent.set(key, paint(image, strokes).catch((error) => { sent.delete(key); throw error; }));
  return { ...image, mask: { upload: await sent.get(key) } };
}

async function paint(image, strokes) {
  const file = reference(image.data);
  const { description } = await getJson(`/v1/uploads/${file.upload}`);
  const { shape } = hduOf(description, file);
  const [height, width] = shape.slice(-2);
  const bin = binFor([height, width]);
  const mask = new Mask({ width: Math.ceil(width / bin), height: Math.ceil(height / bin), bin }, [height, width]);
  if (image.mask) mask.load(await loadPlane(pixelsOf(reference(image.mask)), bin));
  for (const stroke of strokes) mask.paint(stroke);
  const { id } = await upload(mask.npy(), "mask.npy");
  return id;
}

/** The HDU that a reference names, or else the first that holds an image. */
export function hduOf(description, file) {
  const images = description.hdus.filter(({ is_image: is, n_planes: planes }) => is || planes);
  return images.find(({ index, name }) => index === file.hdu || name === file.hdu) ?? images[0];
}
