/** A pane that shows a plane: moved by pointer, wheel and keys; panes with one camera move together. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { painterOf } from "../image/painters.js";

const STEP = 60;
const REST_MILLISECONDS = 150;

/** Draw again whenever the camera moves. */
export function useCamera(camera) {
  const [, setTurn] = useState(0);
  useEffect(() => {
    // It may have moved between drawing and listening, as when panes that share it are opened together.
    setTurn((turn) => turn + 1);
    return camera.listen(() => setTurn((turn) => turn + 1));
  }, [camera]);
  return camera;
}

/** `children` are drawn over the image in its own coordinates: a function of {camera, pane}, giving SVG. */
export function Pane({ plane, look, camera, label, title, small, onCursor, onDraw, onOpen, onKey, children, corner }) {
  const frame = useRef(null);
  const canvas = useRef(null);
  const painter = useRef(null);
  const [pane, setPane] = useState({ width: 0, height: 0 });
  const pending = useRef(0);
  const resting = useRef(0);
  const now = useRef({});
  now.current = { plane, look };

  const draw = (smooth) => {
    const { plane: seen, look: seenAs } = now.current;
    if (seen && seenAs && canvas.current?.width) {
      painter.current.draw(seen, seenAs, camera, devicePixelRatio || 1, smooth);
    }
  };
  // Quickly while it moves; smoothly once it rests.
  const paint = () => {
    cancelAnimationFrame(pending.current);
    pending.current = requestAnimationFrame(() => draw(false));
    clearTimeout(resting.current);
    resting.current = setTimeout(() => draw(true), REST_MILLISECONDS);
  };

  useLayoutEffect(() => {
    painter.current = painterOf(canvas.current);
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      const ratio = devicePixelRatio || 1;
      Object.assign(canvas.current, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
      setPane({ width, height });
    });
    observer.observe(frame.current);
    return () => {
      cancelAnimationFrame(pending.current);
      clearTimeout(resting.current);
      observer.disconnect();
      painter.current.close();
    };
  }, []);
  useEffect(() => camera.listen(paint), [camera]);
  useEffect(() => {
    if (plane) painter.current.setPlane(plane);
  }, [plane]);
  useEffect(paint, [plane, look, pane]);
  useEffect(() => {
    if (plane && pane.width && !camera.placed) fitTo(camera, plane, pane);
  }, [plane, pane, camera]);

  const spot = (event) => {
    const box = frame.current.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const point = (event) => camera.toImage(spot(event).x, spot(event).y, pane);

  useEffect(() => {
    const zoom = (event) => {
      event.preventDefault();
      camera.zoomAt(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), spot(event), pane);
    };
    const element = frame.current;
    element.addEventListener("wheel", zoom, { passive: false });
    return () => element.removeEventListener("wheel", zoom);
  }, [camera, pane]);

  const pointers = useRef(new Map());
  const down = (event) => {
    if (event.button > 1) return;
    frame.current.setPointerCapture(event.pointerId);
    pointers.current.set(event.pointerId, event);
    if (onDraw && event.button === 0 && pointers.current.size === 1) onDraw(point(event), "start");
  };
  const move = (event) => {
    onCursor?.(point(event));
    const before = pointers.current.get(event.pointerId);
    if (!before) return;
    if (pointers.current.size === 2) pinch(camera, pointers.current, event, spot, pane);
    else if (onDraw && before.button === 0) onDraw(point(event), "go");
    else camera.pan(event.clientX - before.clientX, event.clientY - before.clientY);
    pointers.current.set(event.pointerId, { clientX: event.clientX, clientY: event.clientY, button: before.button });
  };
  const up = (event) => {
    if (pointers.current.delete(event.pointerId) && onDraw) onDraw(point(event), "end");
  };

  const key = (event) => {
    if (event.target !== canvas.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const middle = { x: pane.width / 2, y: pane.height / 2 };
    const moves = {
      ArrowLeft: () => camera.pan(STEP, 0), ArrowRight: () => camera.pan(-STEP, 0),
      ArrowUp: () => camera.pan(0, STEP), ArrowDown: () => camera.pan(0, -STEP),
      "+": () => camera.zoomAt(1.25, middle, pane), "=": () => camera.zoomAt(1.25, middle, pane),
      "-": () => camera.zoomAt(0.8, middle, pane), 0: () => plane && fitTo(camera, plane, pane),
      1: () => camera.zoomAt(1 / camera.zoom, middle, pane),
      Enter: onOpen && (() => onOpen([camera.x, camera.y])),
    };
    if (!moves[event.key]) {
      if (onKey?.(event.key.toLowerCase(), event.shiftKey)) event.preventDefault();
      return;
    }
    event.preventDefault();
    moves[event.key]();
    onCursor?.([camera.x, camera.y]);
  };
  const help = "Arrow keys move the image, plus and minus zoom, 0 shows all of it, 1 shows pixel by pixel; s, c and m change stretch, cuts and colours.";

  return html`<div class="pane ${small ? "small" : ""}" ref=${frame} onPointerDown=${down} onPointerMove=${move}
      onPointerUp=${up} onPointerCancel=${up} onPointerLeave=${() => onCursor?.(null)} onKeyDown=${key}
      onDblClick=${(event) => !onDraw && onOpen?.(point(event))}>
    <canvas ref=${canvas} tabindex="0" role="img" aria-label=${`${label}. ${help}`}></canvas>
    ${pane.width > 0 && plane && html`<${Overlay} camera=${camera} pane=${pane} draw=${children} />`}
    ${title && html`<span class="title">${title}</span>`}
    ${corner?.(pane)}
  </div>`;
}

export const fitTo = (camera, plane, pane) =>
  camera.fit(plane.width * plane.bin, plane.height * plane.bin, pane, plane.origin);

function Overlay({ camera, pane, draw }) {
  useCamera(camera);
  if (!draw) return null;
  return html`<svg width=${pane.width} height=${pane.height}>
    <g transform=${camera.matrix(pane)}>${draw({ camera, pane })}</g></svg>`;
}

function pinch(camera, pointers, event, spot, pane) {
  const [other] = [...pointers.entries()].filter(([id]) => id !== event.pointerId).map(([, value]) => value);
  const before = pointers.get(event.pointerId);
  const distance = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
  const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
  camera.zoomAt(distance(event, other) / distance(before, other), spot(middle), pane);
  camera.pan((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
}
