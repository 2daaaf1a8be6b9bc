/** What a fit would take, in words. */

import { duration } from "./times.js";

export function costOf({ n_pixels: pixels, free_parameters: free, estimated_seconds: seconds, queue }) {
  const wait = queue?.estimated_start ? (Date.parse(queue.estimated_start) - Date.now()) / 1000 : 0;
  const turn = queue && queue.position > 1 ? `, number ${queue.position} in line${wait > 1 ? `, from in ${duration(wait)} on` : ""}` : "";
  return `About ${duration(seconds)}: ${free} free parameters, ${pixels.toLocaleString()} pixels${turn}.`;
}
