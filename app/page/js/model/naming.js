/** Names of components in all that a request says: links, constraints, groups, stages. */

import { readParameter, writeParameter } from "./parameters.js";
import { valuesOf } from "./values.js";

const inExpressions = (name) => new RegExp(`(?<![\\w.])${name.replace(/[^\w]/g, "\\$&")}(?=\\.)`, "g");
const isExpression = (value) => typeof value === "string" && /^\s*=/.test(value);

/** A request with a function applied to each expression of its components and constraints. */
function withExpressions(request, change) {
  const components = JSON.parse(JSON.stringify(request.components), (_, value) => (isExpression(value) ? change(value) : value));
  const constraints = request.constraints?.map((each) => ({ ...each, expression: change(String(each.expression)) }));
  return { ...request, components, ...(constraints && { constraints }) };
}

/** A request with a function applied to each list of component names: groups, groups of stages, names of its own members. */
function withLists(request, change) {
  const lists = (groups) => (Array.isArray(groups) ? groups.map((each) => (Array.isArray(each) ? change(each) : each)) : groups);
  const stages = request.stages?.map((stage) => ("groups" in stage ? { ...stage, groups: lists(stage.groups) } : stage));
  const groups = request.groups && Object.fromEntries(Object.entries(request.groups).map(([key, names]) => [key, change(names)]));
  return { ...request, ...(stages && { stages }), ...(groups && { groups }) };
}

/** The request with a component renamed, wherever it is named. */
export function renamed(request, name, next) {
  const changed = withExpressions(request, (text) => text.replace(inExpressions(name), next));
  const whole = withLists(changed, (names) => names.map((each) => (each === name ? next : each)));
  return { ...whole, components: whole.components.map((each) => (each.name === name ? { ...each, name: next } : each)) };
}

/** The request without a component: what was linked to it keeps its value and is free; constraints that name it go. */
export function without(request, name) {
  const value = valuesOf(request);
  const names = inExpressions(name);
  const isOf = (text) => { names.lastIndex = 0; return names.test(text); };
  const loosened = (component) => {
    const parameters = Object.fromEntries(Object.entries(component.parameters ?? {}).map(([key, written]) => {
      const { link, whole, ...said } = readParameter(written);
      if (link === undefined || !isOf(link)) return [key, written];
      const now = value(`${component.name}.${key}`);
      return [key, writeParameter({ ...said, value: Number.isFinite(now) ? now : null })];
    }).filter(([, written]) => written !== undefined));
    return component.parameters ? { ...component, parameters } : component;
  };
  const components = request.components.filter((each) => each.name !== name).map(loosened);
  const constraints = request.constraints?.filter(({ expression }) => !isOf(String(expression)));
  const shorter = withLists({ ...request, components, ...(constraints && { constraints }) }, (list) => list.filter((each) => each !== name));
  if (!shorter.groups) return shorter;
  return { ...shorter, groups: Object.fromEntries(Object.entries(shorter.groups).filter(([, members]) => members.length)) };
}

/** What goes along when a component is deleted, in a sentence; empty where nothing does. */
export function lostWith(request, name) {
  const names = inExpressions(name);
  const isOf = (text) => { names.lastIndex = 0; return names.test(text); };
  const links = request.components.filter((each) => each.name !== name).flatMap(({ parameters }) => Object.values(parameters ?? {}))
    .filter((written) => { const { link } = readParameter(written); return link !== undefined && isOf(link); }).length;
  const constraints = (request.constraints ?? []).filter(({ expression }) => isOf(String(expression))).length;
  const parts = [links && `${links} linked to ${name} ${links === 1 ? "is" : "are"} free now`, constraints && `${constraints} of its constraints ${constraints === 1 ? "is" : "are"} gone`].filter(Boolean);
  return parts.length ? `${name} is deleted; ${parts.join(", ")}.` : "";
}
