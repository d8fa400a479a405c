/** Settings of a node as TensorFlow writes them in JSON: whole numbers perhaps as text, texts in base64. */

/** The texts that settings may hold, and how they stand in the file. */
const texts: Readonly<Record<string, string>> = {
  NHWC: 'TkhXQw==',
  SAME: 'U0FNRQ==',
  VALID: 'VkFMSUQ=',
  BiasAdd: 'Qmlhc0FkZA==',
  Relu: 'UmVsdQ==',
  Relu6: 'UmVsdTY=',
  Elu: 'RWx1',
};

/** Types, which the tensors themselves tell, and notes of other runtimes. */
const ignored =
  /^(_.*|T\w*|DstT|SrcT|U|N|dtype|value|Index|out_type|use_cudnn_on_gpu|exponential_avg_factor|num_host_args|host_args|leakyrelu_alpha)$/;

type Raw = Readonly<Record<string, unknown>>;

/** Reads the settings of one node, and writes down what it read; each reader throws an Error that says what it wanted. */
export class Attributes {
  readonly #raw: Raw;
  readonly #read: Record<string, unknown> = {};

  constructor(raw: Raw) {
    this.#raw = raw;
  }

  /** A setting's value under the key that says of what type it is. */
  #value(name: string, kind: string): unknown {
    const held = Object.hasOwn(this.#raw, name) ? this.#raw[name] : undefined;
    if (held === undefined) return undefined;
    const keys = typeof held === 'object' && held !== null ? Object.keys(held) : [];
    if (keys.length !== 1 || keys[0] !== kind) fail(`its ${name} is no '${kind}'`);
    return (held as Raw)[kind];
  }

  flag(name: string): boolean {
    const b = this.#value(name, 'b') ?? false;
    if (typeof b !== 'boolean') return fail(`its ${name} is neither true nor false`);
    this.#read[name] = { b };
    return b;
  }

  number(name: string, missing: number): number {
    const f = this.#value(name, 'f') ?? missing;
    if (typeof f !== 'number' || !Number.isFinite(f)) return fail(`its ${name} is no number`);
    this.#read[name] = { f };
    return f;
  }

  int(name: string, missing: number): number {
    const i = intOf(name, this.#value(name, 'i') ?? missing);
    this.#read[name] = { i };
    return i;
  }

  /** @param choices what it may be; the first where the setting is missing */
  text<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.#value(name, 's');
    const choice = value === undefined ? (choices[0] as Choice) : textOf(name, value, choices);
    this.#read[name] = { s: texts[choice] };
    return choice;
  }

  ints(name: string, missing: readonly number[]): readonly number[] {
    const i = this.#list(name, 'i')?.map((value) => intOf(name, value)) ?? missing;
    this.#read[name] = { list: { i } };
    return i;
  }

  texts<Choice extends string>(name: string, choices: readonly Choice[]): readonly Choice[] {
    const found = (this.#list(name, 's') ?? []).map((value) => textOf(name, value, choices));
    this.#read[name] = { list: { s: found.map((text) => texts[text]) } };
    return found;
  }

  #list(name: string, kind: string): readonly unknown[] | undefined {
    const list = this.#value(name, 'list');
    if (list === undefined) return undefined;
    // An empty list says of no type what it is a list of.
    const entries = typeof list === 'object' && list !== null ? Object.entries(list) : [['', null]];
    const [[key, held] = [kind, []], ...more] = entries;
    const short = Array.isArray(held) && held.length <= 64;
    return key === kind && more.length === 0 && short ? held : fail(`its ${name} is no short list of '${kind}'`);
  }

  /**
   * What was read, written as the file has it, with what stands for settings that are missing.
   * @throws Error that names a setting that nobody read
   */
  used(): Readonly<Record<string, unknown>> {
    const strange = Object.keys(this.#raw).find((name) => !Object.hasOwn(this.#read, name) && !ignored.test(name));
    if (strange !== undefined) fail(`its setting ${JSON.stringify(strange.slice(0, 40))} is not known`);
    return this.#read;
  }
}

function intOf(name: string, value: unknown): number {
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : fail(`its ${name} is no whole number`);
}

function textOf<Choice extends string>(name: string, value: unknown, choices: readonly Choice[]): Choice {
  const choice = choices.find((one) => texts[one] === value);
  return choice ?? fail(`its ${name} is not one of ${choices.join(', ')}`);
}

function fail(what: string): never {
  throw new Error(what);
}
