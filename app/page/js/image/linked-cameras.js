/** Cameras of several images of one field: each shows the same part of the sky as the one that is moved. */

import { Camera } from "./camera.js";
import { compassOf, pixelOfSky, skyOfPixel } from "./sky.js";

/** As many cameras as there are maps to the sky; without maps they share pixels. */
export function linkedCameras(skies) {
  const cameras = skies.map(() => new Camera());
  const scales = skies.map((sky) => (sky ? compassOf(sky).scale : 1));
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
