/** A brightness that is a formula: its text in a component, and the parameters that stand in it. */

const ELLIPSE = 4;
const KNOWN = new Set(["r", "pi", "e", "sqrt", "exp", "log", "log10", "sin", "cos", "tan", "sind", "cosd", "tand", "abs", "min", "max"]);
const USUAL = "i_0 * exp(-r / h)";

/** Whether a profile is one whose brightness a component writes. */
export const isFormula = ({ name }) => name === "formula";

export const brightnessOf = ({ brightness, options }) => options?.brightness ?? brightness ?? USUAL;

/** Names of the parameters in a formula, each once, in its order. */
export const namesIn = (text) => [...new Set(text.match(/(?<![\w.])[A-Za-z_]\w*/g) ?? [])].filter((name) => !KNOWN.has(name));

/** The profile with the ellipse and the parameters of a component's own formula. */
export function withOwnParameters(profile, component) {
  const said = component.options?.symbols ?? {};
  const usual = new Map(profile.parameters.map((each) => [each.name, each]));
  const isUsual = brightnessOf(component) === USUAL;
  const own = namesIn(brightnessOf(component)).map((name) => {
    const symbol = typeof said[name] === "string" ? { unit: said[name] } : said[name] ?? {};
    const known = isUsual ? usual.get(name) : undefined;
    return { description: "", unit: "", ...known, ...symbol, name };
  });
  return { ...profile, parameters: [...profile.parameters.slice(0, ELLIPSE), ...own] };
}

/** The component with another formula; values and units of what no longer stands in it go. */
export function withBrightness(component, text, profile) {
  const names = new Set([...profile.parameters.slice(0, ELLIPSE).map(({ name }) => name), "ra", "dec", ...namesIn(text)]);
  const before = new Set(namesIn(brightnessOf(component)));
  const kept = (all) => Object.fromEntries(Object.entries(all ?? {}).filter(([name]) => names.has(name) || !before.has(name)));
  const { brightness: _, ...rest } = component;
  const symbols = kept(component.options?.symbols);
  const options = { ...component.options, brightness: text, ...(Object.keys(symbols).length ? { symbols } : {}) };
  if (!Object.keys(symbols).length) delete options.symbols;
  return { ...rest, options, parameters: kept(component.parameters) };
}
