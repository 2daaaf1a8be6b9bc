/** Cameras of several images of one field: each shows the same part of the sky as the one that is moved. */

import { Camera } from "./camera.js";
import { compassOf, pixelOfSky, skyOfPixel } from "./sky.js";

/** As many cameras as there are maps to the sky, turned as the first image lies on it; without maps they share pixels. */
export function linkedCameras(skies) {
  const cameras = skies.map(() => new Camera());
  const scales = skies.map((sky) => (sky ? compassOf(sky).scale : 1));
  skies.forEach((sky, at) => {
    if (at && sky && skies[0]) turnAs(cameras[at], sky, skies[0]);
  });
  let moving = false;
  cameras.forEach((camera, at) => camera.listen(() => {
    if (moving) return;
    moving = true;
    cameras.forEach((other, to) => {
      if (other === camera) return;
      const place = skies[at] && skies[to] ? pixelOfSky(skies[to], ...skyOfPixel(skies[at], camera.x, camera.y)) : [camera.x, camera.y];
      if (place) other.move(...place, (camera.zoom * scales[to]) / scales[at]);
    });
    moving = false;
  }));
  return cameras;
}

/** Turn a camera so that its image lies as another one does, by the directions of its rows and columns on the sky. */
function turnAs(camera, sky, first) {
  const [own, other] = [compassOf(sky), compassOf(first)];
  const direction = (axis, sign) => [0, 1].map((at) => sign * (other.north[axis] * own.north[at] + other.east[axis] * own.east[at]));
  camera.turn(direction(1, 1), direction(0, -1));
  // Where it looks is still to be found.
  camera.placed = false;
}
