/** Attributes of an SVG element; those that are undefined are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Text made safe for element content and for attributes in double quotes. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A coordinate with at most two decimals, so that pictures are short and the same on every machine. */
export function coordinate(value: number): number {
  return Math.round(value * 100) / 100 + 0; // + 0 turns -0 into 0
}

/**
 * One SVG element as text.
 *
 * @param children markup made by this function or by `text`, never raw text
 */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? coordinate(value) : escapeText(String(value))}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

/** A text element; its content is escaped. */
export function text(content: string, attributes: Attributes): string {
  return element('text', attributes, escapeText(content));
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Unique on its page: names the elements that the accessible name and description come from. */
  readonly id: string;
  /** The accessible name. */
  readonly title: string;
  /** What the picture shows, in words. */
  readonly description: string;
  readonly class: string;
}

/** The outermost element: a picture with a name and a description for those who do not see it. */
export function picture(
  { width, height, id, title, description, class: name }: Picture,
  ...children: string[]
): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    class: name,
    role: 'img',
    'aria-labelledby': `${id}-title ${id}-desc`,
    fill: 'currentColor',
    'font-family': 'system-ui, sans-serif',
    'font-size': 12,
  };
  return element(
    'svg',
    attributes,
    element('title', { id: `${id}-title` }, escapeText(title)),
    element('desc', { id: `${id}-desc` }, escapeText(description)),
    ...children,
  );
}
