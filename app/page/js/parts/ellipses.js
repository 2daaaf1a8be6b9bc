/** A request's components as ellipses over the image: moved, stretched, turned and deleted by hand or by key. */

import { newGesture } from "../draft.js";
import { html, useRef } from "../html.js";
import { asParameters, axisEnd, ellipseOf, keyed, majorTo, minorTo, topOf } from "../model/ellipse.js";
import { isOnSky } from "../model/forms.js";
import { withValuesOf } from "../model/parameters.js";
import { without } from "../model/naming.js";
import { withComponent } from "../model/requests.js";
import { valuesOf } from "../model/values.js";

const HANDLE = 5.5;
const SLACK = 3;

/** The ellipses of a request's components on an image, by its name; `sky` is the image's map, or null. */
export function ellipsesOf(request, profiles, sky, image) {
  const value = valuesOf(request, image);
  const known = Object.fromEntries(profiles.map((profile) => [profile.name, profile]));
  const place = (component) => {
    const onSky = isOnSky(request, component);
    return onSky && !sky ? null : ellipseOf(component, known[component.profile], value, onSky ? sky : null);
  };
  return request.components.filter(({ images }) => !images || images.includes(image ?? images[0])).map((component) => place(component)).filter(Boolean);
}

/** `still` ones are seen and not touched, as while a mask is painted. */
export function Ellipses({ request, image, profiles, sky, selected, select, change, still = false, ...view }) {
  const ellipses = ellipsesOf(request, profiles, sky, image);
  const put = (name) => (changes, gesture) => change((before) => withComponent(before, name, (component) =>
    withValuesOf(component, asParameters(ellipses.find((each) => each.name === name), changes), image, (key) => valuesOf(before, image)(`${name}.${key}`))), gesture);
  const held = ellipses.find(({ name }) => name === selected);
  // Handles lie on top of all ellipses; these keep their order, since an element that moves loses the focus. Of those that lie
  // over each other a click takes the smallest.
  const smallest = (x, y) => ellipses.filter((each) => holds(each, x, y)).sort((one, two) => one.r ** 2 * one.q - two.r ** 2 * two.q)[0];
  return html`<g class=${still ? "still" : ""}>${ellipses.map((ellipse) => html`<${Outline} key=${ellipse.name} ellipse=${ellipse} ...${view} put=${put} smallest=${smallest}
      selected=${ellipse === held} select=${select} remove=${() => change((before) => without(before, ellipse.name))} />`)}
    ${held && !held.point && html`<${Handles} key=${`handles of ${selected}`} ellipse=${held} ...${view} put=${put(selected)} />`}</g>`;
}

/** Whether a point of the image lies in an ellipse. */
export function holds({ x: cx, y: cy, r, q, pa }, x, y) {
  const angle = (pa * Math.PI) / 180;
  const along = -(x - cx) * Math.sin(angle) + (y - cy) * Math.cos(angle);
  const across = (x - cx) * Math.cos(angle) + (y - cy) * Math.sin(angle);
  return (along / r) ** 2 + (across / (r * q)) ** 2 <= 1;
}

/** Handlers that drag an element: `onGrab` and `onDrag` get the pointer's place in the image. */
function useDrag({ camera, pane }, onGrab, onDrag) {
  const held = useRef(null);
  const place = (event) => {
    const box = event.currentTarget.ownerSVGElement.getBoundingClientRect();
    return camera.toImage(event.clientX - box.left, event.clientY - box.top, pane);
  };
  const drop = () => (held.current = null);
  return {
    onPointerDown: (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      event.target.setPointerCapture(event.pointerId);
      const grabbed = onGrab(place(event), event);
      held.current = grabbed && { grabbed, gesture: newGesture() };
    },
    onPointerMove: (event) => {
      if (!held.current) return;
      event.stopPropagation();
      onDrag(place(event), held.current.grabbed, event, held.current.gesture);
    },
    onPointerUp: drop,
    onPointerCancel: drop,
  };
}

function Outline({ ellipse, camera, pane, selected, select, put, remove, smallest }) {
  const { name, x, y, r, q, pa } = ellipse;
  const pressed = useRef(null);
  const drag = useDrag({ camera, pane }, ([px, py], event) => {
    const onLine = event.target.classList.contains("hit") && !holds({ ...ellipse, r: 0.9 * r }, px, py);
    const taken = onLine || (selected && holds(ellipse, px, py)) ? ellipse : smallest(px, py) ?? ellipse;
    select(taken.name);
    event.currentTarget.focus({ preventScroll: true });
    return { taken, from: [taken.x - px, taken.y - py], at: [event.clientX, event.clientY], moved: false };
  }, ([px, py], grabbed, event, gesture) => {
    // A hand that clicks moves a little.
    grabbed.moved ||= Math.hypot(event.clientX - grabbed.at[0], event.clientY - grabbed.at[1]) > SLACK;
    if (grabbed.moved) put(grabbed.taken.name)({ x: px + grabbed.from[0], y: py + grabbed.from[1] }, gesture);
  });
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const done = keyed(ellipse, event.key, event.shiftKey);
    if (done) {
      pressed.current = event.repeat && pressed.current ? pressed.current : newGesture();
      put(name)(done, pressed.current);
    } else if (event.key === "Delete" || event.key === "Backspace") remove();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const turn = `translate(${x} ${y}) rotate(${pa})`;
  const words = `${name}: centre ${x.toFixed(1)}, ${y.toFixed(1)}, radius ${r.toFixed(1)}, axis ratio ${q.toFixed(2)}, angle ${pa.toFixed(0)} degrees`;
  return html`<g class="ellipse ${selected ? "selected" : ""}" data-component=${name} tabindex="0" role="button" aria-pressed=${selected}
      aria-label=${words} onKeyDown=${key} onFocus=${() => select(name)} ...${drag} onDblClick=${(event) => event.stopPropagation()}>
    <ellipse class="shade" transform=${turn} rx=${Math.abs(r * q)} ry=${Math.abs(r)} />
    <ellipse class="outline" transform=${turn} rx=${Math.abs(r * q)} ry=${Math.abs(r)} />
    <ellipse class="hit" transform=${turn} rx=${Math.abs(r * q)} ry=${Math.abs(r)} />
    <text class="name" transform=${camera.label(x, y, topOf(ellipse))} y="-6" text-anchor="middle">${name}</text>
  </g>`;
}

function Handles({ ellipse, camera, pane, put }) {
  const [major, minor] = ["major", "minor"].map((axis) => axisEnd(ellipse, axis));
  const stretch = useDrag({ camera, pane }, () => "major", ([px, py], _, event, gesture) => {
    const { r, pa } = majorTo(ellipse, px, py);
    put(event.shiftKey ? { r } : { r, pa }, gesture);
  });
  const flatten = useDrag({ camera, pane }, () => "minor", ([px, py], _, __, gesture) => put(minorTo(ellipse, px, py), gesture));
  /** @type {(place: number[], axis: string, drag: any, label: string) => any} */
  const handle = ([x, y], axis, drag, label) => html`<circle class="handle" cx=${x} cy=${y} r=${HANDLE / camera.zoom} data-handle=${axis}
    ...${drag}><title>${label}</title></circle>`;
  return html`<g class="ellipse">
    <line class="pole" x1=${ellipse.x} y1=${ellipse.y} x2=${major[0]} y2=${major[1]} />
    ${ellipse.handles.q && handle(minor, "minor", flatten, "Drag to change the axis ratio")}
    ${handle(major, "major", stretch, "Drag to stretch and turn; with Shift only to stretch")}</g>`;
}
