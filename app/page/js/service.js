/** The service's HTTP interface, as the page uses it. Every failure is a `Problem` (RFC 9457). */

import { readNpy } from "./image/npy.js";

/** What the service, or the way to it, had against a request. */
export class Problem extends Error {
  constructor(document) {
    super(document.detail ?? document.title ?? "Something went wrong.");
    this.status = document.status ?? 0;
    this.kind = (document.type ?? "").split(":").pop();
    this.title = document.title ?? "";
    this.faults = document.faults ?? [];
  }
}

const OUT_OF_REACH = { title: "No answer", detail: "The service does not answer. Is `photfit serve` still running?" };

/** The answer to a request; raises Problem where it is none of success. */
export async function ask(address, options = {}) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(OUT_OF_REACH);
  }
  if (response.ok) return response;
  const isProblem = (response.headers.get("content-type") ?? "").includes("json");
  const document = isProblem ? await response.json() : { detail: `The service answered ${response.status}.` };
  if (response.status === 401) {
    if (address !== "/v1/session") {
      dispatchEvent(new CustomEvent("photfit:signed-out"));
      document.detail = "Your session is over: sign in again, and you come back to where you were.";
    }
  }
  throw new Problem({ status: response.status, ...document });
}

export const getJson = async (address, options) => (await ask(address, options)).json();

export const fetchArray = async (address) => readNpy(await (await ask(address)).arrayBuffer());

const withBody = (method, body) => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export const postJson = async (address, body = {}, options = {}) => (await ask(address, { ...withBody("POST", body), ...options })).json();

/** What a request would do, completed and checked against its files; nothing is stored. */
export const planOf = (request) => postJson("/v1/fits?dry_run=true", request);

export const addressOfFit = (id) => `/v1/fits/${encodeURIComponent(id)}`;

export const patchJson = async (address, body) => (await ask(address, withBody("PATCH", body))).json();
export const remove = (address) => ask(address, { method: "DELETE" });

/** Upload a file or bytes. */
export async function upload(content, filename) {
  const address = `/v1/uploads?filename=${encodeURIComponent(filename)}`;
  const headers = { "Content-Type": "application/octet-stream" };
  return (await ask(address, { method: "POST", headers, body: content })).json();
}

/** Upload a file and say how much of it has gone up; XMLHttpRequest, since fetch tells nothing of what it sends. */
export function sendFile(file, filename, onShare, signal) {
  return new Promise((done, fail) => {
    const asked = new XMLHttpRequest();
    asked.open("POST", `/v1/uploads?filename=${encodeURIComponent(filename)}`);
    asked.setRequestHeader("Content-Type", "application/octet-stream");
    asked.responseType = "json";
    asked.upload.onprogress = ({ loaded, total }) => onShare(total ? loaded / total : 0);
    asked.onload = () => {
      if (asked.status === 401) dispatchEvent(new CustomEvent("photfit:signed-out"));
      if (asked.status < 300) done(asked.response);
      else fail(new Problem({ status: asked.status, detail: `The service answered ${asked.status}.`, ...asked.response }));
    };
    asked.onerror = () => fail(new Problem(OUT_OF_REACH));
    asked.onabort = () => fail(new DOMException("Stopped.", "AbortError"));
    signal.addEventListener("abort", () => asked.abort());
    asked.send(file);
  });
}

export const pixelsOf = ({ upload: id, ...place }) => `/v1/uploads/${id}/pixels.npy${placeOf(place)}`;

export const skyOf = ({ upload: id, ...place }) => `/v1/uploads/${id}/sky${placeOf(place)}`;

/** @param {Record<string, any>} place */
function placeOf({ hdu, plane }) {
  const said = Object.entries({ hdu, plane }).filter(([, value]) => value !== undefined && value !== null);
  return said.length ? `?${new URLSearchParams(said)}` : "";
}

/** Pixels of a plane of a fit's image, from the address of its FITS file. */
export const pixelsOfResult = (fitsAddress) => fitsAddress.replace(/\.fits$/, ".npy");

/** Address of a plane of a fit's image, those of components included, which a fit of many does not list. */
export const planeOfResult = (fit, image, plane) =>
  fit.links.images[image]?.[plane] ?? fit.links.plane.replace("{image}", encodeURIComponent(image)).replace("{+plane}", plane);

/** Hear of a fit's changes until it is finished, and whether the service is lost; gives a function that stops listening. */
export function watchFit(fit, onChange, onLost = (_lost) => {}) {
  const source = new EventSource(fit.links.events);
  const hear = (event) => {
    onLost(false);
    onChange(JSON.parse(event.data));
  };
  source.addEventListener("open", () => onLost(false));
  source.addEventListener("error", () => onLost(true));
  source.addEventListener("fit", hear);
  source.addEventListener("finished", (event) => {
    source.close();
    hear(event);
  });
  return () => source.close();
}

/** A modifier of isophotes with a setting, as the service describes it. */
export const modifierOf = (name, setting) =>
  getJson(`/v1/profiles/geometry/${name}${setting === null ? "" : `?setting=${encodeURIComponent(JSON.stringify(setting))}`}`);

const described = new Map();

/** A profile with options, as the service describes it; the same are asked for once. */
export function profileWith(name, options) {
  const address = `/v1/profiles/${name}${options && Object.keys(options).length ? `?options=${encodeURIComponent(JSON.stringify(options))}` : ""}`;
  if (!described.has(address)) {
    described.set(address, getJson(address).catch((error) => {
      described.delete(address);
      throw error;
    }));
  }
  return described.get(address);
}

let catalogue = null;

/** The profiles and methods that the service knows, asked for once. */
export function loadCatalogue() {
  catalogue ??= Promise.all([getJson("/v1/profiles"), getJson("/v1/methods"), getJson("/v1/priors")])
    .then(([{ profiles, geometry }, { methods }, { priors }]) => ({ profiles, geometry, methods, priors }))
    .catch((error) => {
      catalogue = null;
      throw error;
    });
  return catalogue;
}
