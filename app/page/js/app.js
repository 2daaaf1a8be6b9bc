/** The frame around every view: navigation, theme, messages, and which view the address names. */

import { html, useEffect, useRef, useState } from "./html.js";
import { useDraft } from "./draft.js";
import { Icon } from "./parts/icons.js";
import { Toasts } from "./parts/toasts.js";
import { go, useRoute } from "./router.js";
import { Account } from "./views/account.js";
import { Compare } from "./views/compare.js";
import { Fit } from "./views/fit.js";
import { History } from "./views/history.js";
import { Model } from "./views/model.js";
import { Planes } from "./views/planes.js";
import { Start } from "./views/start.js";

const VIEWS = { "": Start, files: Planes, model: Model, fits: History, compare: Compare, account: Account };
const TITLES = { "": "Start", files: "Planes", model: "Model", fits: "Fits", compare: "Compare", account: "Account" };

export function App() {
  const [view = "", ...rest] = useRoute();
  const main = useRef(null);
  const seen = useRef(view + rest);
  const known = view in VIEWS ? view : "";
  const Shown = known === "fits" && rest.length ? Fit : VIEWS[known];
  useEffect(() => {
    document.title = known === "" ? "photfit" : `${TITLES[known]} · photfit`;
    if (seen.current === view + rest) return;
    seen.current = view + rest;
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [view, rest.join("/")]);
  useEffect(() => {
    const signIn = () => go("account");
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
    <main id="main" tabindex="-1" ref=${main}><${Shown} key=${view + rest.join("/")} route=${rest} /></main>
    <${Toasts} />`;
}

function Top({ view }) {
  const draft = useDraft();
  const link = (name, label, address = `#/${name}`) =>
    html`<a href=${address} aria-current=${view === name ? "page" : undefined}>${label}</a>`;
  return html`
    <header class="top">
      <a class="brand" href="#/"><img src="/page/icon.svg" alt="" />photfit</a>
      <nav aria-label="Main">
        ${link("", "Start", "#/")} ${draft && link("model", "Model")} ${link("fits", "Fits")} ${link("account", "Account")}
      </nav>
      <a class="small" href="/docs">API</a>
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
