/** Uploads as the service describes them. */

export const imagesOf = (file) => file.description.hdus.filter((hdu) => hdu.is_image);

export const firstImage = (file) => imagesOf(file)[0];

/** Width × height in words. */
export const sizeOf = ({ shape }) => shape.slice().reverse().join(" × ");
