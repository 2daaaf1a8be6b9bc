/** A window of an image, drawn as a box or typed. */

import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { Camera } from "../image/camera.js";
import { binFor, lightLook, loadPlane } from "../image/planes.js";
import { boxOf } from "../model/windows.js";
import { pixelsOf } from "../service.js";
import { Failure, useAnswer } from "./asking.js";
import { Window } from "./mask-shapes.js";
import { NumberField } from "./number-field.js";
import { Pane } from "./pane.js";

export function WindowPicker({ upload, hdu, window, setWindow }) {
  const { value: plane, error, again } = useAnswer(() => loadPlane(pixelsOf({ upload, hdu: hdu.index }), binFor(hdu.shape)), [upload, hdu.index]);
  const camera = useMemo(() => new Camera(), []);
  const [look, setLook] = useState(null);
  const from = useRef(null);
  useEffect(() => {
    if (plane) setLook(lightLook(plane));
  }, [plane]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  const shape = hdu.shape.slice(-2);
  const draw = (at, phase) => {
    if (phase === "start") from.current = at;
    else if (from.current) setWindow(boxOf(from.current, at, shape) ?? window);
  };
  return html`<p class="quiet small">Drag a box over what is to be fitted.</p>
    <${Pane} small plane=${plane} look=${look} camera=${camera} label="The image, to draw a box in" onDraw=${draw}>${() => window && html`<${Window} window=${window} />`}</${Pane}>
    <${WindowFields} window=${window} setWindow=${setWindow} shape=${shape} />`;
}

/** First and last pixel along x and y, counted from 0. */
export function WindowFields({ window, setWindow, shape: [height, width] }) {
  const whole = { x: [0, width], y: [0, height] };
  const put = (axis, at) => (value) => {
    const range = [...(window?.[axis] ?? whole[axis])];
    range[at] = value === null ? whole[axis][at] : Math.round(value) + at;
    if (range[0] < range[1]) setWindow({ ...whole, ...window, [axis]: range });
  };
  return html`<div class="row search">${["x", "y"].flatMap((axis) => ["first", "last"].map((word, at) => html`<label class="field" key=${axis + word}>${word} ${axis}
    <${NumberField} value=${window?.[axis] ? window[axis][at] - at : null} placeholder=${String(whole[axis][at] - at)} onValue=${put(axis, at)} /></label>`))}
    ${window && html`<button onClick=${() => setWindow(null)}>The whole image</button>`}</div>`;
}
