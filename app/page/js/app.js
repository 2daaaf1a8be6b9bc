/** The frame around every view: navigation, theme, messages, and which view the address names. */

import { html, useEffect, useRef, useState } from "./html.js";
import { draftNotes, useDraft } from "./draft.js";
import { Failure, useAnswer } from "./parts/asking.js";
import { Boundary } from "./parts/boundary.js";
import { useDroppedFiles } from "./parts/dropping.js";
import { Help } from "./parts/help.js";
import { Icon } from "./parts/icons.js";
import { Toasts } from "./parts/toasts.js";
import { go, useRoute } from "./router.js";
import { useStore } from "./store.js";

// Each view is fetched when it is first shown, so that the first paint waits for one of them alone.
const VIEWS = {
  "": () => import("./views/start.js").then(({ Start }) => Start),
  files: () => import("./views/planes.js").then(({ Planes }) => Planes),
  model: () => import("./views/model.js").then(({ Model }) => Model),
  fits: () => import("./views/history.js").then(({ History }) => History),
  fit: () => import("./views/fit.js").then(({ Fit }) => Fit),
  compare: () => import("./views/compare.js").then(({ Compare }) => Compare),
  many: () => import("./views/many.js").then(({ Many }) => Many),
  catalogues: () => import("./views/catalogues.js").then(({ Catalogues }) => Catalogues),
  shared: () => import("./views/shared.js").then(({ Shared }) => Shared),
  account: () => import("./views/account.js").then(({ Account }) => Account),
};
const TITLES = { "": "Start", files: "Planes", model: "Model", fits: "Fits", many: "Use for many", catalogues: "Many objects", compare: "Compare", shared: "Shared", account: "Account" };

export function App() {
  const [view = "", ...rest] = useRoute();
  const main = useRef(null);
  const seen = useRef(view + rest);
  const known = Object.hasOwn(VIEWS, view) ? view : null;
  useDroppedFiles(view === "files" ? rest : []);
  useEffect(() => {
    document.title = known ? `${TITLES[known]} · photfit` : "photfit";
    if (seen.current === view + rest) return;
    seen.current = view + rest;
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [view, rest.join("/")]);
  useEffect(() => {
    // Whoever signs in again comes back to where the session was over.
    const signIn = () => {
      if (!location.hash.startsWith("#/account")) sessionStorage.setItem("photfit.back", location.hash);
      go("account");
    };
    addEventListener("photfit:signed-out", signIn);
    return () => removeEventListener("photfit:signed-out", signIn);
  }, []);
  const skip = (event) => {
    event.preventDefault();
    main.current?.focus();
  };
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <${Top} view=${known} />
    <main id="main" tabindex="-1" ref=${main}><${Notes} />
      <${Boundary} key=${view + rest.join("/")}>${known === null
        ? html`<div class="empty"><p>There is no view of this address.</p><a class="button primary" href="#/">To the start</a></div>`
        : html`<${View} name=${known === "fits" && rest.length ? "fit" : known} route=${rest} />`}</${Boundary}></main>
    <${Toasts} />`;
}

function Notes() {
  const notes = useStore(draftNotes);
  const dismiss = (at) => draftNotes.set(notes.filter((_, index) => index !== at));
  return notes.map((note, at) => html`<p class="note warn row split" role="status"><span>${note}</span>
    <button class="bare" onClick=${() => dismiss(at)}>Dismiss</button></p>`);
}

function View({ name, route }) {
  const { value, error, again } = useAnswer(async () => ({ view: await VIEWS[name]() }), [name]);
  if (error) return html`<${Failure} error=${error} again=${again} />`;
  return value && html`<${value.view} route=${route} />`;
}

function Top({ view }) {
  const draft = useDraft();
  const link = (name, label, address = `#/${name}`) =>
    html`<a href=${address} aria-current=${view === name ? "page" : undefined}>${label}</a>`;
  return html`
    <header class="top">
      <a class="brand" href="#/"><img src="/page/icon.svg" alt="" />photfit</a>
      <nav aria-label="Main">
        ${link("", "Start", "#/")} ${draft && link("model", "Model")} ${link("fits", "Fits")} ${link("catalogues", "Many")} ${link("account", "Account")}
      </nav>
      <${Help} /><a class="small" href="/docs">API</a>
      <${Theme} />
    </header>`;
}

function Theme() {
  const dark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const [isDark, setDark] = useState(dark);
  const turn = () => {
    const next = isDark ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("photfit.theme", next);
    setDark(!isDark);
  };
  const label = isDark ? "Light theme" : "Dark theme";
  return html`<button class="bare icon" onClick=${turn} aria-label=${label} title=${label}>
    <${Icon} name=${isDark ? "sun" : "moon"} /></button>`;
}
