/** A request's components as ellipses over the image: moved, stretched, turned and deleted by hand or by key. */

import { html, useRef } from "../html.js";
import { asParameters, axisEnd, ellipseOf, keyed, majorTo, minorTo, topOf } from "../model/ellipse.js";
import { isOnSky } from "../model/forms.js";
import { withValuesOf } from "../model/parameters.js";
import { withComponent, without } from "../model/requests.js";
import { valuesOf } from "../model/values.js";

const HANDLE = 5.5;

export function Ellipses({ request, profiles, sky, selected, select, change, ...view }) {
  const value = valuesOf(request);
  const known = Object.fromEntries(profiles.map((profile) => [profile.name, profile]));
  const place = (component) => {
    const onSky = isOnSky(request, component);
    return onSky && !sky ? null : ellipseOf(component, known[component.profile], value, onSky ? sky : null);
  };
  const ellipses = request.components.map((component) => place(component)).filter(Boolean);
  const put = (name) => (changes) => change((before) => withComponent(before, name, (component) =>
    withValuesOf(component, asParameters(ellipses.find((each) => each.name === name), changes))));
  const held = ellipses.find(({ name }) => name === selected);
  // Handles lie on top of all ellipses; these keep their order, since an element that moves loses the focus.
  return html`${ellipses.map((ellipse) => html`<${Outline} key=${ellipse.name} ellipse=${ellipse} ...${view} put=${put(ellipse.name)}
      selected=${ellipse === held} select=${() => select(ellipse.name)} remove=${() => change((before) => without(before, ellipse.name))} />`)}
    ${held && !held.point && html`<${Handles} key=${`handles of ${selected}`} ellipse=${held} ...${view} put=${put(selected)} />`}`;
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
      held.current = onGrab(place(event), event);
    },
    onPointerMove: (event) => {
      if (!held.current) return;
      event.stopPropagation();
      onDrag(place(event), held.current, event);
    },
    onPointerUp: drop,
    onPointerCancel: drop,
  };
}

function Outline({ ellipse, camera, pane, selected, select, put, remove }) {
  const { name, x, y, r, q, pa } = ellipse;
  const drag = useDrag({ camera, pane }, ([px, py], event) => {
    select();
    event.currentTarget.focus({ preventScroll: true });
    return [x - px, y - py];
  }, ([px, py], [dx, dy]) => put({ x: px + dx, y: py + dy }));
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const done = keyed(ellipse, event.key, event.shiftKey);
    if (done) put(done);
    else if (event.key === "Delete" || event.key === "Backspace") remove();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const turn = `translate(${x} ${y}) rotate(${pa})`;
  const words = `${name}: centre ${x.toFixed(1)}, ${y.toFixed(1)}, radius ${r.toFixed(1)}, axis ratio ${q.toFixed(2)}, angle ${pa.toFixed(0)} degrees`;
  return html`<g class="ellipse ${selected ? "selected" : ""}" data-component=${name} tabindex="0" role="button" aria-pressed=${selected}
      aria-label=${words} onKeyDown=${key} onFocus=${select} ...${drag}>
    <ellipse class="shade" transform=${turn} rx=${r * q} ry=${r} />
    <ellipse class="outline" transform=${turn} rx=${r * q} ry=${r} />
    <ellipse class="hit" transform=${turn} rx=${r * q} ry=${r} />
    <text class="name" transform=${`translate(${x} ${y + topOf(ellipse)}) scale(${1 / camera.zoom} ${-1 / camera.zoom})`} y="-6" text-anchor="middle">${name}</text>
  </g>`;
}

function Handles({ ellipse, camera, pane, put }) {
  const [major, minor] = ["major", "minor"].map((axis) => axisEnd(ellipse, axis));
  const stretch = useDrag({ camera, pane }, () => "major", ([px, py], _, event) => {
    const { r, pa } = majorTo(ellipse, px, py);
    put(event.shiftKey ? { r } : { r, pa });
  });
  const flatten = useDrag({ camera, pane }, () => "minor", ([px, py]) => put(minorTo(ellipse, px, py)));
  const handle = ([x, y], axis, drag, label) => html`<circle class="handle" cx=${x} cy=${y} r=${HANDLE / camera.zoom} data-handle=${axis}
    ...${drag}><title>${label}</title></circle>`;
  return html`<g class="ellipse">
    <line class="pole" x1=${ellipse.x} y1=${ellipse.y} x2=${major[0]} y2=${major[1]} />
    ${ellipse.handles.q && handle(minor, "minor", flatten, "Drag to change the axis ratio")}
    ${handle(major, "major", stretch, "Drag to stretch and turn; with Shift only to stretch")}</g>`;
}
