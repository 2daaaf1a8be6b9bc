/** What a search for sources is asked for: the choices beside it, as the service takes them. */

export const TARGETS = { everything: "everything that stands out", centre: "the galaxy in the middle", place: "the galaxy that I click" };
export const MODELS = {
  auto: "what its pixels prefer", sersic: "one Sérsic", bulge_disc: "a bulge and a disc", point: "a star", point_host: "a star and its host",
};
export const NEIGHBOURS = { auto: "fitted where their light touches it, else masked", fit: "all fitted", mask: "all masked", ignore: "ignored" };

/** Choices that nobody has made yet; numbers are null where nothing limits. */
export const FIRST_CHOICES = { target: "everything", place: null, model: "auto", neighbours: "auto", number: null, snr: null, magnitude: null, part: false, window: null };

/** {target, model, neighbours, window, limit} of a proposal, without what is as the service has it anyway. */
export function searchBody({ target, place, model, neighbours, part = false, window = null, ...limits }) {
  const limit = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null));
  return {
    ...(target === "centre" && { target }),
    ...(target === "place" && { target: place.map((value) => Number(value.toFixed(2))) }),
    ...(model !== "auto" && { model }),
    ...(target !== "everything" && neighbours !== "auto" && { neighbours }),
    ...(part && window && { window }),
    ...(Object.keys(limit).length && { limit }),
  };
}

/** Whether something has still to be said: a place that was not clicked. */
export const isIncomplete = ({ target, place }) => target === "place" && !place;
