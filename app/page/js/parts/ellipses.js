/** A request's components as ellipses over the image: moved, stretched, turned and deleted by hand or by key. */

import { html, useRef } from "../html.js";
import { asParameters, axisEnd, ellipseOf, keyed, majorTo, minorTo } from "../model/ellipse.js";
import { withValuesOf } from "../model/parameters.js";
import { withComponent, without } from "../model/requests.js";
import { valuesOf } from "../model/values.js";

const HANDLE = 5.5;

export function Ellipses({ request, profiles, camera, pane, selected, select, change }) {
  const value = valuesOf(request);
  const known = Object.fromEntries(profiles.map((profile) => [profile.name, profile]));
  const ellipses = request.components.map((component) => ellipseOf(component, known[component.profile], value)).filter(Boolean);
  // The selected one is drawn last, so that its handles lie on top.
  const ordered = [...ellipses].sort((a, b) => (a.name === selected) - (b.name === selected));
  return html`${ordered.map((ellipse) => html`<${Ellipse} key=${ellipse.name} ellipse=${ellipse} camera=${camera} pane=${pane}
    selected=${ellipse.name === selected} select=${select} change=${change} />`)}`;
}

function Ellipse({ ellipse, camera, pane, selected, select, change }) {
  const group = useRef(null);
  const held = useRef(null);
  const { name, x, y, r, q, pa } = ellipse;
  const put = (changes) => change((request) =>
    withComponent(request, name, (component) => withValuesOf(component, asParameters(ellipse, changes))));

  const place = (event) => {
    const box = group.current.ownerSVGElement.getBoundingClientRect();
    return camera.toImage(event.clientX - box.left, event.clientY - box.top, pane);
  };
  const grab = (what) => (event) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    event.target.setPointerCapture(event.pointerId);
    const [px, py] = place(event);
    held.current = { what, dx: x - px, dy: y - py };
    select(name);
    group.current.focus({ preventScroll: true });
  };
  const drag = (event) => {
    if (!held.current) return;
    event.stopPropagation();
    const [px, py] = place(event);
    const { what, dx, dy } = held.current;
    if (what === "body") put({ x: px + dx, y: py + dy });
    else if (what === "minor") put(minorTo(ellipse, px, py));
    else put(event.shiftKey ? { r: majorTo(ellipse, px, py).r } : majorTo(ellipse, px, py));
  };
  const drop = () => (held.current = null);
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const done = keyed(ellipse, event.key, event.shiftKey);
    if (done) put(done);
    else if (event.key === "Delete" || event.key === "Backspace") change((request) => without(request, name));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const turn = `translate(${x} ${y}) rotate(${pa})`;
  const ends = { major: axisEnd(ellipse, "major"), minor: axisEnd(ellipse, "minor") };
  const handle = (axis, label) => html`<circle class="handle" cx=${ends[axis][0]} cy=${ends[axis][1]} r=${HANDLE / camera.zoom}
    data-handle=${axis} onPointerDown=${grab(axis)}><title>${label}</title></circle>`;
  const words = `${name}: centre ${x.toFixed(1)}, ${y.toFixed(1)}, radius ${r.toFixed(1)}, axis ratio ${q.toFixed(2)}, angle ${pa.toFixed(0)} degrees`;
  return html`<g ref=${group} class="ellipse ${selected ? "selected" : ""}" data-component=${name} tabindex="0" role="button"
      aria-pressed=${selected} aria-label=${words} onPointerDown=${grab("body")} onPointerMove=${drag} onPointerUp=${drop}
      onPointerCancel=${drop} onKeyDown=${key} onFocus=${() => select(name)}>
    <ellipse class="shade" transform=${turn} rx=${r * q} ry=${r} />
    <ellipse class="outline" transform=${turn} rx=${r * q} ry=${r} />
    <ellipse class="hit" transform=${turn} rx=${r * q} ry=${r} />
    <text class="name" transform=${`translate(${x} ${y}) scale(${1 / camera.zoom} ${-1 / camera.zoom})`} x="6" y="-6">${name}</text>
    ${selected && !ellipse.point && html`
      <line class="pole" x1=${x} y1=${y} x2=${ends.major[0]} y2=${ends.major[1]} />
      ${ellipse.handles.q && handle("minor", "Drag to change the axis ratio")}
      ${handle("major", "Drag to stretch and turn; with Shift only to stretch")}`}
  </g>`;
}
