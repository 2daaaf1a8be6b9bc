/** The same request by other means: curl and Python, ready to be copied. */

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

export function asCurl(request, origin) {
  const body = JSON.stringify(request, null, 1);
  return `curl -s ${origin}/v1/fits -H 'Content-Type: application/json' --data ${quoted(body)}\n`;
}

export function asPython(request, origin) {
  const json = JSON.stringify(request, null, 4).replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"');
  return `import json

from photfit.client import Client

request = json.loads("""${json}""")

with Client("${origin}") as client:
    fit = client.wait(client.submit(request).id)
    for parameter in client.parameters(fit.id)["parameters"]:
        print(parameter["name"], parameter["value"], parameter["uncertainty"])
`;
}
