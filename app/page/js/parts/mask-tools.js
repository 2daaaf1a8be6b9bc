/** Painting a mask over the image: brush and eraser; what is painted goes up as a plane of the request. */

import { html, useEffect, useRef, useState } from "../html.js";
import { Mask } from "../image/mask.js";
import { loadPlane } from "../image/planes.js";
import { reference } from "../model/requests.js";
import { pixelsOf, upload } from "../service.js";
import { Icon } from "./icons.js";
import { NumberField } from "./number-field.js";
import { complain, tell } from "./toasts.js";

/** {mask, turn, tool, setTool, draw, …} of an image's plane; `tool` is null while nothing is painted. */
export function useMask(image, plane, put) {
  const [mask, setMask] = useState(null);
  const [turn, setTurn] = useState(0);
  const [tool, setTool] = useState(null);
  const [radius, setRadius] = useState(4);
  const last = useRef(null);
  const named = reference(image.mask);
  useEffect(() => {
    if (!plane) return undefined;
    let wanted = true;
    const made = new Mask(plane, plane.shape);
    Promise.resolve(named && loadPlane(pixelsOf(named), plane.bin))
      .then((found) => {
        if (!wanted) return;
        if (found) made.load(found);
        setMask(found ? made : null);
      })
      .catch(complain);
    return () => {
      wanted = false;
    };
  }, [plane, named?.upload, named?.hdu]);
  const start = (which) => {
    if (!mask) setMask(new Mask(plane, plane.shape));
    setTool(tool === which ? null : which);
  };
  const draw = (point, phase) => {
    const from = phase === "start" || !last.current ? point : last.current;
    last.current = phase === "end" ? null : point;
    mask.stroke(from, point, radius, tool === "erase");
    setTurn((before) => before + 1);
  };
  const keep = async () => {
    try {
      const { id } = await upload(mask.npy(), "mask.npy");
      put({ upload: id });
      setTool(null);
      tell("The mask is part of the request.");
    } catch (error) {
      complain(error);
    }
  };
  const clear = () => {
    mask.clear();
    setTurn((before) => before + 1);
  };
  return { mask, turn, tool, start, draw, keep, clear, radius, setRadius, bin: plane?.bin };
}

export function MaskTools({ painting }) {
  const { tool, start, keep, clear, radius, setRadius, bin } = painting;
  if (!bin) return null;
  return html`<div class="tools" role="group" aria-label="Mask">
    <button aria-pressed=${tool === "paint"} onClick=${() => start("paint")}><${Icon} name="brush" />Paint a mask</button>
    ${tool && html`<button aria-pressed=${tool === "erase"} onClick=${() => start("erase")}>Erase</button>
      <label class="field">Brush<span class="brush"><${NumberField} value=${radius} onValue=${(value) => setRadius(Math.max(0.5, value ?? 4))} /></span>px</label>
      <button class="bare" onClick=${clear}>Clear</button><button class="primary" onClick=${keep}>Use this mask</button>
      ${bin > 1 && html`<span class="small quiet">In blocks of ${bin} × ${bin} pixels; what was masked before grows to whole blocks.</span>`}`}</div>`;
}
