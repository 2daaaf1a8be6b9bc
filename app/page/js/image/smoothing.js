/** Planes smoothed to look at: small ones at once, large ones in a worker. */

import { useEffect, useState } from "../html.js";
import { sample } from "./cuts.js";
import { smoothed } from "./filters.js";

const LARGE = 500_000;
let worker = null;
let number = 0;
const waiting = new Map();
const done = new WeakMap();

function inWorker(plane, sigma) {
  worker ??= Object.assign(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }), {
    onmessage: ({ data: { id, values } }) => {
      waiting.get(id)?.(values);
      waiting.delete(id);
    },
  });
  return new Promise((finish) => {
    number += 1;
    waiting.set(number, finish);
    const { width, height, values } = plane;
    worker.postMessage({ id: number, plane: { width, height, values }, sigma });
  });
}

/** A plane smoothed by `sigma` pixels of the full frame; until it is ready, and without a sigma, the plane itself. */
export function useSmoothed(plane, sigma) {
  const [made, setMade] = useState(null);
  useEffect(() => {
    if (!plane || !(sigma > 0)) return undefined;
    let wanted = true;
    const known = done.get(plane)?.[sigma];
    const take = (values) => {
      const next = known ?? { ...plane, values, sorted: sample(values) };
      done.set(plane, { ...done.get(plane), [sigma]: next });
      if (wanted) setMade({ from: plane, sigma, plane: next });
    };
    if (known) take(null);
    else if (plane.values.length > LARGE) inWorker(plane, sigma / plane.bin).then(take);
    else take(smoothed(plane, sigma / plane.bin).values);
    return () => {
      wanted = false;
    };
  }, [plane, sigma]);
  return made && made.from === plane && made.sigma === sigma && sigma > 0 ? made.plane : plane;
}
