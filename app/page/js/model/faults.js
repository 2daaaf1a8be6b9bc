/** The service's faults at their place in a request: "$.components[1].parameters.q.value" belongs to a field. */

/** The fault of exactly a place, of something in it, or of the part that it lies in where nothing nearer is shown. */
export const faultsAt = (faults, place) =>
  faults.filter(({ path }) => path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`));

/** The faults that belong to no component and no stage, which a general place has to tell. */
export const faultsElsewhere = (faults) => faults.filter(({ path }) => !/^\$\.(components|stages)\[\d+\]/.test(path));

export const sentence = ({ message, expected }) => `${message}${expected ? ` (expected ${expected})` : ""}`;
