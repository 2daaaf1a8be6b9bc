// What the page takes from preact-htm.js, for the check of its types (tsconfig.json).
export const html: (strings: TemplateStringsArray, ...values: any[]) => any;
export const render: (drawn: any, into: Element | null) => void;
export class Component {
  props: any;
  state: any;
  setState(state: any): void;
}
export const useState: <T = any>(initial?: T | (() => T)) => [any, (next: any) => void];
export const useEffect: (effect: () => void | (() => void), inputs?: any[]) => void;
export const useLayoutEffect: (effect: () => void | (() => void), inputs?: any[]) => void;
export const useMemo: <T>(make: () => T, inputs?: any[]) => T;
export const useRef: (initial?: any) => { current: any };
