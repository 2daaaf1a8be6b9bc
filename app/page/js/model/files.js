/** Uploads as the service describes them. */

export const imagesOf = (file) => file.description.hdus.filter((hdu) => hdu.is_image);

/** Those that hold a PSF which changes over the image: PSFEx's tables, cubes of PSFs. */
export const psfModelsOf = (file) => file.description.hdus.filter((hdu) => hdu.psf_model);

/** Those that hold several planes, of which a request names one by its number. */
export const cubesOf = (file) => file.description.hdus.filter((hdu) => hdu.n_planes && !hdu.psf_model);

/** Bits of a mask as somebody types them: names and numbers, or any; null where nothing is said. */
export function bitsOf(text) {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  if (!parts.length) return null;
  if (parts.length === 1 && parts[0].toLowerCase() === "any") return "any";
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part.toUpperCase()));
}

export const firstImage = (file) => imagesOf(file)[0];

/** Width × height in words. */
export const sizeOf = ({ shape }) => shape.slice().reverse().join(" × ");
