/** One option of a method, from its JSON Schema. Left empty it keeps its default. */

import { html } from "../html.js";
import { NumberField } from "./number-field.js";

export function OptionField({ name, schema, value, onValue }) {
  const label = name.replaceAll("_", " ");
  const kind = kindOf(schema);
  const fallback = schema.default === undefined || schema.default === null ? "" : JSON.stringify(schema.default).replaceAll('"', "");
  if (kind === "boolean") {
    return html`<label class="choice" title=${schema.description}><input type="checkbox" checked=${value ?? schema.default}
      onChange=${(event) => onValue(event.target.checked === schema.default ? undefined : event.target.checked)} />${label}</label>`;
  }
  const choices = choicesOf(schema);
  const field = choices
    ? html`<select value=${value ?? ""} onChange=${(event) => onValue(event.target.value || undefined)}>
        <option value="" selected=${value === undefined}>${fallback || "default"}</option>
        ${choices.filter((choice) => choice !== schema.default).map((choice) => html`<option key=${choice} value=${choice} selected=${choice === value}>${choice}</option>`)}</select>`
    : kind === "number"
      ? html`<${NumberField} value=${value ?? null} placeholder=${fallback} onValue=${(next) => onValue(next ?? undefined)} />`
      : html`<input value=${value === undefined ? "" : JSON.stringify(value)} placeholder=${fallback} spellcheck="false"
          onChange=${(event) => onValue(parsed(event.target.value))} />`;
  return html`<label class="field" title=${schema.description}>${label}${field}</label>`;
}

const variants = (schema) => [schema, ...(schema.anyOf ?? [])];

function kindOf(schema) {
  const types = variants(schema).map(({ type }) => type);
  if (types.includes("boolean")) return "boolean";
  return types.some((type) => type === "integer" || type === "number") ? "number" : "other";
}

/** The words that an option may be, from the schema or, where it has none, from "One of: …" in its description. */
function choicesOf(schema) {
  const listed = variants(schema).flatMap((variant) => variant.enum ?? (variant.const === undefined ? [] : [variant.const]));
  if (listed.length) return listed;
  const told = /^One of: (.+)$/.exec(schema.description ?? "");
  return told ? told[1].split(", ") : null;
}

function parsed(text) {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
