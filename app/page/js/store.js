/** A value that parts of the page share and hear about. */

import { useEffect, useState } from "./html.js";

/** A store; with `key` the value outlives the page, in this browser. */
export function createStore(initial, key = null) {
  let value = (key && read(key)) ?? initial;
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      value = typeof next === "function" ? next(value) : next;
      if (key) localStorage.setItem(key, JSON.stringify(value));
      for (const listener of listeners) listener(value);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's value in a component, drawn again when it changes. */
export function useStore(store) {
  const [value, setValue] = useState(store.get);
  useEffect(() => {
    setValue(store.get());
    return store.listen(setValue);
  }, [store]);
  return value;
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}
