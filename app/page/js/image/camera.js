/** Which part of an image a pane shows, and which way up: a point of the image in the pane's middle, and screen pixels per image pixel. */

const LEAST_ZOOM = 0.02;
const MOST_ZOOM = 64;
const UPRIGHT = [1, 0, 0, 1];

/** A camera that panes may share, so that they move together. Listeners hear of every change. */
export class Camera {
  constructor() {
    this.x = 0;
    this.y = 0;
    this.zoom = 1;
    this.placed = false;
    /** Unit vectors of the image, [x, y] each, towards the screen's right and its top. */
    this.axes = UPRIGHT;
    this.listeners = new Set();
  }

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  move(x, y, zoom = this.zoom) {
    this.x = x;
    this.y = y;
    this.zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, zoom));
    this.placed = true;
    for (const listener of this.listeners) listener(this);
  }

  /** Turn, and mirror, so that a direction of the image points up and another one to the left; without any as the pixels lie. */
  turn(up = null, left = null) {
    if (!up) this.axes = UPRIGHT;
    else {
      // Perpendicular to what is up, on the side away from what is left: pixels stay squares.
      const side = up[1] * -left[0] - up[0] * -left[1] >= 0 ? 1 : -1;
      this.axes = [side * up[1], -side * up[0], up[0], up[1]];
    }
    this.move(this.x, this.y);
  }

  get isTurned() {
    return this.axes !== UPRIGHT;
  }

  /** Show a whole image of this size, whose first pixel is at `origin` of the full frame. */
  fit(width, height, pane, origin = [0, 0]) {
    const [a, b, c, d] = this.axes.map(Math.abs);
    const zoom = Math.min(pane.width / (a * width + b * height), pane.height / (c * width + d * height)) * 0.97;
    this.move(origin[0] + (width - 1) / 2, origin[1] + (height - 1) / 2, zoom);
  }

  /** Along the image's axes, of pixels towards the screen's right and top. */
  along(right, up) {
    const [a, b, c, d] = this.axes;
    return [a * right + c * up, b * right + d * up];
  }

  /** Towards the screen's right and top, of a direction of the image. */
  across(x, y) {
    const [a, b, c, d] = this.axes;
    return [a * x + b * y, c * x + d * y];
  }

  /** Shift by screen pixels: the image follows the pointer. */
  pan(right, down) {
    const [x, y] = this.along(right / this.zoom, -down / this.zoom);
    this.move(this.x - x, this.y - y);
  }

  /** Zoom so that what is under a point of the pane stays there. */
  zoomAt(factor, at, pane) {
    const [x, y] = this.toImage(at.x, at.y, pane);
    const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, this.zoom * factor));
    this.move(x + (this.x - x) * (this.zoom / zoom), y + (this.y - y) * (this.zoom / zoom), zoom);
  }

  /** Image coordinates of a point of the pane, which counts from its top left corner. */
  toImage(right, down, pane) {
    const [x, y] = this.along((right - pane.width / 2) / this.zoom, (pane.height / 2 - down) / this.zoom);
    return [this.x + x, this.y + y];
  }

  /** Numbers of the matrix from image coordinates, y upwards, to a pane's of so many pixels for each of the screen's. */
  numbers({ width, height }, ratio = 1) {
    const [a, b, c, d] = this.axes;
    const zoom = this.zoom * ratio;
    const [right, up] = this.across(this.x, this.y);
    return [zoom * a, -zoom * c, zoom * b, -zoom * d, width / 2 - zoom * right, height / 2 + zoom * up];
  }

  /** SVG's matrix from image coordinates, y upwards, to the pane's. */
  matrix(pane) {
    return `matrix(${this.numbers(pane).join(" ")})`;
  }

  /** SVG's matrix of a text at a place of the image, upright and in the screen's size; `above` are image pixels towards the top. */
  label(x, y, above = 0) {
    const [a, b, c, d] = this.axes;
    return `matrix(${[a, b, -c, -d].map((each) => each / this.zoom).join(" ")} ${x + c * above} ${y + d * above})`;
  }
}
