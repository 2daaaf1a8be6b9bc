/** Values of links such as "= a.pa + 90", to draw with; the service checks and follows them itself. */

const FUNCTIONS = {
  sqrt: Math.sqrt, exp: Math.exp, log: Math.log, log10: Math.log10, abs: Math.abs, min: Math.min, max: Math.max,
  sin: Math.sin, cos: Math.cos, tan: Math.tan,
};
const CONSTANTS = { pi: Math.PI, e: Math.E };
const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([A-Za-z_][\w]*(?:\.\w+)?(?:\[[^\]]*\])?)|(\*\*|[-+*/(),]))/iy;

/** The value of an expression; `lookup` gives that of a name. NaN where it cannot be told. */
export function evaluate(text, lookup) {
  const tokens = tokenize(text.replace(/^\s*=/, ""));
  if (tokens === null) return NaN;
  let at = 0;
  const take = (symbol) => tokens[at]?.symbol === symbol && (at += 1) > 0;
  const atom = () => {
    const token = tokens[at];
    if (token === undefined) return NaN;
    at += 1;
    if (token.number !== undefined) return token.number;
    if (token.symbol === "(") {
      const inner = sum();
      return take(")") ? inner : NaN;
    }
    if (token.name === undefined) return NaN;
    if (token.name in FUNCTIONS && take("(")) {
      const given = [sum()];
      while (take(",")) given.push(sum());
      return take(")") ? FUNCTIONS[token.name](...given) : NaN;
    }
    return token.name in CONSTANTS ? CONSTANTS[token.name] : lookup(token.name);
  };
  const power = () => {
    const root = atom();
    return take("**") ? root ** unary() : root;
  };
  const unary = () => (take("-") ? -unary() : take("+") ? unary() : power());
  const product = () => {
    let value = unary();
    for (;;) {
      if (take("*")) value *= unary();
      else if (take("/")) value /= unary();
      else return value;
    }
  };
  const sum = () => {
    let value = product();
    for (;;) {
      if (take("+")) value += product();
      else if (take("-")) value -= product();
      else return value;
    }
  };
  const value = sum();
  return at === tokens.length ? value : NaN;
}

function tokenize(text) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (!match) return null;
    const [, number, name, symbol] = match;
    tokens.push(number !== undefined ? { number: Number(number) } : name !== undefined ? { name } : { symbol });
  }
  return tokens;
}
