/** Makes elements; text is always text, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Return an element. `on…` listens, a boolean sets or leaves out, null and undefined are left out; children may be nested lists. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same, for SVG. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" && "value" in element) element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return element;
}

/** Put `children` in the place of what is in `element`. */
export function put(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** Put `children` into `element` and keep the keyboard where it was, by the `id` or `data-key` of what had it. */
export function renew(element, ...children) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const key = focused && (focused.dataset.key ? `[data-key="${CSS.escape(focused.dataset.key)}"]` : focused.id && `#${CSS.escape(focused.id)}`);
  put(element, ...children);
  if (key) element.querySelector(key)?.focus({ preventScroll: true });
  return element;
}

/** Return `deed`, which then runs `ms` after the last call only. */
export function afterRest(deed, ms) {
  let timer = 0;
  return (...words) => {
    clearTimeout(timer);
    timer = setTimeout(deed, ms, ...words);
  };
}

/** Return `deed`, which then runs at most once in `ms`, the last call never lost. */
export function atMostEvery(deed, ms) {
  let timer = 0;
  let last = -Infinity;
  return () => {
    if (timer) return;
    timer = setTimeout(() => {
      timer = 0;
      last = performance.now();
      deed();
    }, Math.max(0, last + ms - performance.now()));
  };
}
