/** The point-spread function from a star of the image: the component that is chosen, cut out of the pixels. */

import { html, useState } from "../html.js";
import { stampNpy, stampOf } from "../image/star-stamp.js";
import { general } from "../model/rounding.js";
import { upload } from "../service.js";
import { ellipsesOf } from "./ellipses.js";
import { NumberField } from "./number-field.js";
import { complain, tell } from "./toasts.js";

const SIDE = 31;

/** `shown` is {plane, sky} of the image; `put` gets the PSF as a request writes it. */
export function StarPsf({ request, image, profiles, selected, shown, put }) {
  const [side, setSide] = useState(SIDE);
  const [busy, setBusy] = useState(false);
  if (!shown?.plane || shown.plane.bin > 1 || !selected) return null;
  const star = ellipsesOf(request, profiles, shown.sky, image.name).find(({ name }) => name === selected);
  if (!star) return null;
  const take = async () => {
    const stamp = stampOf(shown.plane, star.x, star.y, side);
    if (!stamp) {
      complain(new Error(`${side} × ${side} pixels about ${selected} reach over the edge, hold pixels without a value, or hold no light: choose another star, or fewer pixels.`));
      return;
    }
    setBusy(true);
    try {
      const { id } = await upload(stampNpy(stamp), `psf_of_${selected}.npy`);
      put({ upload: id, convention: "effective", recentre: true });
      tell(`The PSF is ${side} × ${side} pixels about ${selected}, less a sky of ${general(stamp.sky)}, as its border has it; neighbours in it stay.${stamp.share > 0.05 ? ` ${general(100 * stamp.share)} % of its light are at its border: take more pixels, or a star that stands alone.` : ""}`);
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  return html`<div class="row"><button disabled=${busy} onClick=${take}>Take ${selected} for the PSF</button>
    <label class="field">pixels wide<span class="brush"><${NumberField} value=${side} onValue=${(value) => setSide(Math.max(5, 2 * Math.floor((value ?? SIDE) / 2) + 1))} /></span></label></div>`;
}
