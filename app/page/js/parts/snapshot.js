/** A pane as it is seen, saved as a PNG: its pixels, what is drawn over them, title and scale. */

const COPIED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "vector-effect", "font-size", "font-family", "font-weight", "paint-order", "opacity", "visibility", "text-anchor", "dominant-baseline"];

/** The pane of an element, as a blob. */
export async function snapshotOf(pane) {
  const box = pane.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(box.width * ratio), height: Math.round(box.height * ratio) });
  const context = canvas.getContext("2d");
  for (const layer of pane.querySelectorAll("canvas")) {
    context.globalAlpha = 1;
    context.drawImage(layer, 0, 0, canvas.width, canvas.height);
  }
  context.scale(ratio, ratio);
  for (const svg of pane.querySelectorAll("svg")) {
    const at = svg.getBoundingClientRect();
    context.drawImage(await pictureOf(svg, at), at.left - box.left, at.top - box.top, at.width, at.height);
  }
  for (const label of pane.querySelectorAll(".title, .readout, .scale")) write(context, label, box);
  return new Promise((finish) => canvas.toBlob(finish, "image/png"));
}

/** An SVG with the page's styles in it, as a picture. */
async function pictureOf(svg, { width, height }) {
  const copy = svg.cloneNode(true);
  const [from, to] = [svg, copy].map((each) => [each, ...each.querySelectorAll("*")]);
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    // As attributes: the page's policy lets no style be written into elements.
    for (const name of COPIED) to[at].setAttribute(name, style.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await picture.decode();
  return picture;
}

function write(context, label, box) {
  const style = getComputedStyle(label);
  const at = label.getBoundingClientRect();
  context.fillStyle = style.backgroundColor;
  context.fillRect(at.left - box.left, at.top - box.top, at.width, at.height);
  context.fillStyle = style.color;
  context.font = style.font;
  context.textBaseline = "middle";
  context.fillText(label.textContent, at.left - box.left + parseFloat(style.paddingLeft), at.top - box.top + at.height / 2);
  const bar = label.querySelector("i")?.getBoundingClientRect();
  if (bar) context.fillRect(bar.left - box.left, bar.top - box.top, bar.width, bar.height);
}
