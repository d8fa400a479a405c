/**
 * Turns a drawing into a newer one of the same chart: where both have the same elements, only what differs is written,
 * so that the browser can move bars from one length to the next; else the whole is replaced.
 *
 * @param holder the element whose only child is the drawing
 * @param svg markup from one of the charts
 */
export function redraw(holder: Element, svg: string): void {
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  const next = document.importNode(parsed, true);
  const current = holder.firstElementChild;
  if (current === null || holder.childElementCount !== 1 || !update(current, next)) holder.replaceChildren(next);
}

/** @returns whether the two have the same elements all the way down */
function update(current: Element, next: Element): boolean {
  if (current.tagName !== next.tagName || current.childElementCount !== next.childElementCount) return false;
  for (const { name, value } of next.attributes) {
    if (current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
  if (next.childElementCount === 0 && current.textContent !== next.textContent) current.textContent = next.textContent;
  return [...next.children].every((child, i) => update(current.children[i] as Element, child));
}
