/** Where everything that draws gets its templates and hooks. */

export * from "../vendor/preact-htm.js";
