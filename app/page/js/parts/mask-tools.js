/** Painting a mask over the image: brush and eraser. What is painted belongs to the model at once, stroke by stroke. */

import { changeModel, changeStrokes } from "../draft.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { Mask } from "../image/mask.js";
import { loadPlane } from "../image/planes.js";
import { reference } from "../model/requests.js";
import { pixelsOf } from "../service.js";
import { Icon } from "./icons.js";
import { NumberField } from "./number-field.js";
import { complain } from "./toasts.js";

/** {mask, turn, tool, start, draw, …} of an image's plane; `tool` is null while nothing is painted. `strokes` are the model's. */
export function useMask(image, plane, strokes) {
  const [mask, setMask] = useState(null);
  const [base, setBase] = useState(null);
  const [turn, setTurn] = useState(0);
  const [tool, setTool] = useState(null);
  const [radius, setRadius] = useState(4);
  const stroke = useRef(null);
  const named = reference(image.mask);
  useEffect(() => {
    let wanted = true;
    setBase(null);
    if (plane && named) loadPlane(pixelsOf(named), plane.bin).then((found) => wanted && setBase(found)).catch(complain);
    return () => {
      wanted = false;
    };
  }, [plane, named?.upload, named?.hdu, named?.plane]);
  useEffect(() => {
    if (!plane || !(base || strokes.length || tool)) {
      setMask(null);
      return;
    }
    const made = new Mask(plane, plane.shape);
    if (base) made.load(base);
    for (const each of strokes) made.paint(each);
    setMask(made);
    setTurn((before) => before + 1);
  }, [plane, base, strokes, tool !== null]);
  const draw = (point, phase) => {
    if (!mask) return;
    if (phase === "start") stroke.current = { points: [], radius, ...(tool === "erase" && { erase: true }) };
    const now = stroke.current;
    if (!now) return;
    if (phase !== "end") {
      const next = point.map((value) => Number(value.toFixed(2)));
      mask.paint({ ...now, points: [...now.points.slice(-1), next] });
      now.points.push(next);
      setTurn((before) => before + 1);
      return;
    }
    stroke.current = null;
    if (now.points.length) changeStrokes(image.name ?? "image", (before) => [...before, now]);
  };
  const clear = () => changeModel((model) => ({
    request: { ...model.request, images: model.request.images.map((each) => (each.name === image.name ? { ...each, mask: undefined } : each)) },
    strokes: { ...model.strokes, [image.name ?? "image"]: [] },
  }));
  const start = (which) => setTool(tool === which ? null : which);
  return { mask, turn, tool, start, stop: () => setTool(null), draw, clear, radius, setRadius, bin: plane?.bin, hasBase: named !== null, erases: strokes.some(({ erase }) => erase), count: strokes.length };
}

export function MaskTools({ painting }) {
  const { tool, start, stop, clear, radius, setRadius, bin, hasBase, erases, count } = painting;
  if (!bin) return null;
  return html`<div class="tools" role="group" aria-label="Mask">
    <button aria-pressed=${tool === "paint"} onClick=${() => start("paint")}><${Icon} name="brush" />Paint a mask</button>
    ${tool && html`<button aria-pressed=${tool === "erase"} onClick=${() => start("erase")}>Erase</button>
      <label class="field">Brush<span class="brush"><${NumberField} value=${radius} onValue=${(value) => setRadius(Math.max(0.5, value ?? 4))} /></span>px</label>
      <button onClick=${stop}>Done</button>`}
    ${(count > 0 || hasBase) && html`<button class="bare" onClick=${clear}>Clear the mask</button>`}
    ${count > 0 && html`<span class="small quiet" role="status">${count} ${count === 1 ? "stroke is" : "strokes are"} part of the model; Ctrl+Z takes the last back.</span>`}
    ${tool && hasBase && html`<span class="small quiet">${erases || tool === "erase"
      ? "Erasing makes a mask of yes and no of the file's own, in which every value but 0 was yes." : "The file's own mask stays as it is, with its bits."}</span>`}
    ${tool && bin > 1 && html`<span class="small quiet">In blocks of ${bin} × ${bin} pixels; what was masked before grows to whole blocks.</span>`}</div>`;
}
