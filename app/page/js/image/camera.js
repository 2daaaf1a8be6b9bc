/** Which part of an image a pane shows: a point of the image in the pane's middle, and screen pixels per image pixel. */

const LEAST_ZOOM = 0.02;
const MOST_ZOOM = 64;

/** A camera that panes may share, so that they move together. Listeners hear of every change. */
export class Camera {
  constructor() {
    this.x = 0;
    this.y = 0;
    this.zoom = 1;
    this.placed = false;
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

  /** Show a whole image of this size, whose first pixel is at `origin` of the full frame. */
  fit(width, height, pane, origin = [0, 0]) {
    const zoom = Math.min(pane.width / width, pane.height / height) * 0.97;
    this.move(origin[0] + (width - 1) / 2, origin[1] + (height - 1) / 2, zoom);
  }

  /** Shift by screen pixels: the image follows the pointer. */
  pan(right, down) {
    this.move(this.x - right / this.zoom, this.y + down / this.zoom);
  }

  /** Zoom so that what is under a point of the pane stays there. */
  zoomAt(factor, at, pane) {
    const [x, y] = this.toImage(at.x, at.y, pane);
    const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, this.zoom * factor));
    this.move(x + (this.x - x) * (this.zoom / zoom), y + (this.y - y) * (this.zoom / zoom), zoom);
  }

  /** Image coordinates of a point of the pane, which counts from its top left corner. */
  toImage(right, down, pane) {
    return [this.x + (right - pane.width / 2) / this.zoom, this.y - (down - pane.height / 2) / this.zoom];
  }

  /** SVG's matrix from image coordinates, y upwards, to the pane's. */
  matrix(pane) {
    const { x, y, zoom } = this;
    return `matrix(${zoom} 0 0 ${-zoom} ${pane.width / 2 - x * zoom} ${pane.height / 2 + y * zoom})`;
  }
}
