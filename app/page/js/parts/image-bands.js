/** Which images are fitted together: the name and wavelength of the one that is shown, another added, one taken away. */

import { changeRequest } from "../draft.js";
import { html, useState } from "../html.js";
import { bandNames, overBands } from "../model/bands.js";
import { withImageName, withMember } from "../model/panel.js";
import { reference } from "../model/requests.js";
import { withAnotherImage, withoutImage } from "../model/varying.js";
import { getJson, skyOf } from "../service.js";
import { hduOf } from "../settling.js";
import { NumberField } from "./number-field.js";
import { complain } from "./toasts.js";

export function Bands({ request, image, planes, catalogue, showImage }) {
  const [busy, setBusy] = useState(false);
  const name = image.name ?? "image";
  const names = request.images.map((each) => each.name ?? "image");
  const others = planes.filter((plane) => !request.images.some(({ data }) => reference(data) && plane.key.startsWith(reference(data).upload)));
  const edit = (change) => changeRequest((before) => ({ ...before, images: before.images.map((each) => ((each.name ?? "image") === name ? change(each) : each)) }));
  const rename = (event) => {
    const next = event.target.value.trim();
    const good = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(next) && !names.includes(next);
    if (good) changeRequest((before) => withImageName(before, name, next));
    else if (next !== name) complain(new Error(names.includes(next) ? `There is another image ${next}.` : "A name of an image is of letters, digits, points, lines and hyphens."));
    event.target.value = good ? next : name;
  };
  const add = async (key) => {
    const [upload, hdu] = key.split(" ");
    setBusy(true);
    try {
      const data = { upload, hdu: Number(hdu) };
      const described = async (file) => {
        const { description, filename } = await getJson(`/v1/uploads/${file.upload}`);
        return { filename, shape: hduOf(description, file).shape.slice(-2), sky: await getJson(skyOf(file)).catch(() => null) };
      };
      const [own, other] = await Promise.all([described(reference(request.images[0].data)), described(data)]);
      const [first, next] = bandNames([own.filename, other.filename]);
      if (request.images.length > 1) {
        const free = names.includes(next) ? `${next}_${names.length + 1}` : next;
        changeRequest((before) => withAnotherImage(before, { name: free, data }));
      } else {
        const images = [{ name: first, data: request.images[0].data, planes: {}, ...own }, { name: next, data, planes: {}, ...other }];
        changeRequest((before) => overBands(withImageName(before, names[0], first), images, 0, catalogue.profiles));
      }
      showImage(request.images.length);
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  const drop = () => {
    changeRequest((before) => withoutImage(before, name));
    showImage(0);
  };
  return html`${names.length > 1 && html`<div class="options"><label class="field">Name of the image<input value=${name} data-over=${name} spellcheck="false" onChange=${rename} /></label>
      <label class="field">Wavelength<${NumberField} value=${image.wavelength ?? null} placeholder="nm, or any unit" onValue=${(value) => edit((each) => withMember(each, "wavelength", value > 0 ? value : null))} /></label></div>`}
    <div class="row"><label class="field">Fit with another image of the field<select value="" disabled=${busy || !others.length} onChange=${(event) => event.target.value && add(event.target.value)}>
        <option value="">${busy ? "Adding it…" : others.length ? "choose…" : "add its file first"}</option>${others.map((plane) => html`<option key=${plane.key} value=${plane.key}>${plane.words}</option>`)}</select></label>
      ${names.length > 1 && html`<button onClick=${drop}>Without ${name}</button>`}</div>`;
}
