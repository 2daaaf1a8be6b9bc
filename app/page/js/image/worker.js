/** Heavy work on planes, away from the page's own thread. */

import { smoothed } from "./filters.js";

self.onmessage = ({ data: { id, plane, sigma } }) => {
  const { values } = smoothed(plane, sigma);
  self.postMessage({ id, values }, { transfer: [values.buffer] });
};
