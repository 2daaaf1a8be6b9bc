/** The view that the address names, after its `#`. */

import { useEffect, useState } from "./html.js";

/** ["fits", "fit_01…"] of "#/fits/fit_01…". What cannot be decoded stays as it is. */
export const parts = () => location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded);

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const go = (...path) => {
  location.hash = `/${path.map(encodeURIComponent).join("/")}`;
};

/** The parts of the address, now and whenever it changes. */
export function useRoute() {
  const [route, setRoute] = useState(parts);
  useEffect(() => {
    const hear = () => setRoute(parts());
    addEventListener("hashchange", hear);
    // The address may have changed between drawing and listening.
    hear();
    return () => removeEventListener("hashchange", hear);
  }, []);
  return route;
}
