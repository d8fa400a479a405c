/** The state of the lab as an address: read, written, and changed by the one list of `settings.ts`. */
import type { z } from 'zod';
import type { Catalogue } from './catalogue.ts';
import { optionSchema } from './options.ts';
import { attackOf, type LabState, type OptionValue, settings } from './settings.ts';

const PREFIX = 'option.';

function write(value: OptionValue): string {
  return value === Infinity ? 'none' : String(value);
}

/** One clause for a person: which setting, what came, what was wanted. */
function notice(key: string, text: string, error: z.ZodError): string {
  const wanted = error.issues.map(({ message }) => message)[0] ?? 'something else';
  return `${key}: ‘${text.slice(0, 40)}’ does not do (wanted ${wanted.replace(/^Invalid input$/, 'one that the page offers')})`;
}

/**
 * @param query the query of an address, such as `?attack=fgsm&epsilon=0.2`
 * @returns the state that it names, and a notice for each value that gave way to the default
 */
export function parseState(query: string, catalogue: Catalogue): { state: LabState; notices: string[] } {
  const given = new URLSearchParams(query);
  const notices: string[] = [];
  const settled: Record<string, unknown> = {};
  for (const setting of settings) {
    const text = given.get(setting.key);
    const parsed = text === null ? null : setting.schema(settled, catalogue).safeParse(text);
    if (parsed?.success === false) notices.push(notice(setting.key, text as string, parsed.error));
    settled[setting.key] = parsed?.success ? parsed.data : setting.fallback(settled, catalogue);
  }
  const options: Record<string, OptionValue> = {};
  const known = attackOf(settled, catalogue)?.options ?? [];
  for (const [key, text] of given) {
    if (!key.startsWith(PREFIX)) continue;
    const option = known.find((candidate) => PREFIX + candidate.key === key);
    const parsed = option && optionSchema(option).safeParse(text);
    if (option === undefined || parsed === undefined) notices.push(`${key}: this attack has no such option`);
    else if (!parsed.success) notices.push(notice(key, text, parsed.error));
    else if (parsed.data !== option.default) options[option.key] = parsed.data;
  }
  return { state: { ...(settled as unknown as LabState), options }, notices };
}

/**
 * The inverse of `parseState`: only what differs from the fallbacks is written, so a plain visit has a plain address.
 * @returns a query with its question mark, or an empty text
 */
export function writeState(state: LabState, catalogue: Catalogue): string {
  const query = new URLSearchParams();
  const settled: Record<string, unknown> = {};
  for (const { key, fallback } of settings) {
    if (key === 'drawing' ? state.digit === 'drawn' : state[key] !== fallback(settled, catalogue)) {
      query.set(key, write(state[key]));
    }
    settled[key] = state[key];
  }
  for (const [key, value] of Object.entries(state.options)) query.set(PREFIX + key, write(value));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** Takes a change over, lets the settings that no longer fit fall back, and says whether the back button should undo it. */
export function changeState(
  state: LabState,
  change: Partial<LabState>,
  catalogue: Catalogue,
): { state: LabState; step: boolean } {
  const merged = { ...state, ...change };
  const settled: Record<string, unknown> = {};
  for (const { key, schema, fallback } of settings) {
    // A budget means nothing in another norm.
    const kept = key !== 'epsilon' || settled['norm'] === state.norm || change.epsilon !== undefined;
    const fits = kept && schema(settled, catalogue).safeParse(write(merged[key])).success;
    settled[key] = fits ? merged[key] : fallback(settled, catalogue);
  }
  const sameAttack = merged.attack === state.attack;
  const options = sameAttack || change.options !== undefined ? merged.options : {};
  const next = { ...(settled as unknown as LabState), options };
  return { state: next, step: settings.some(({ key, step }) => step && next[key] !== state[key]) };
}
