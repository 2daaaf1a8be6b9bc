/** Uploads as the service describes them. */

export const imagesOf = (file) => file.description.hdus.filter((hdu) => hdu.is_image);

/** Those that hold a PSF which changes over the image: PSFEx's tables, cubes of PSFs. */
export const psfModelsOf = (file) => file.description.hdus.filter((hdu) => hdu.psf_model);

export const firstImage = (file) => imagesOf(file)[0];

/** Width × height in words. */
export const sizeOf = ({ shape }) => shape.slice().reverse().join(" × ");
