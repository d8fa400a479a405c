/** The element of the page with this `data-lab` name; the page is built with all of them, so its absence is a bug. */
export function part<E extends Element = HTMLElement>(name: string): E {
  const found = document.querySelector<E>(`[data-lab="${name}"]`);
  if (found === null) throw new Error(`the page has no part '${name}'`);
  return found;
}

/**
 * @param attributes an attribute that is false or undefined is left out, one that is true is set without a value
 */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number | boolean | undefined>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}
