import { z } from 'zod';
import { didYouMean } from './closest.ts';
import { type Submission, submissionSchema } from './submission.ts';

/** Something wrong with a manifest: where, and a sentence. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The name of a field is what is wrong, not its value. */
  readonly atKey?: true;
}

/**
 * @param value what submission.yaml says, as JSON could
 * @returns the submission, or every mistake in it at once
 */
export function parseManifest(value: unknown): { submission: Submission } | { mistakes: readonly Mistake[] } {
  const parsed = parseBy(submissionSchema, value);
  return 'mistakes' in parsed ? parsed : { submission: parsed.data };
}

/** @returns the value as the schema makes it, or every mistake in it at once */
export function parseBy<T>(schema: z.ZodType<T>, value: unknown): { data: T } | { mistakes: readonly Mistake[] } {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return { data: parsed.data };
  return { mistakes: parsed.error.issues.flatMap((issue) => mistakesOf(issue, { schema, value })) };
}

/** What was written, and what it is read by. */
interface Written {
  readonly schema: z.ZodType;
  readonly value: unknown;
}

/** What is said of an id that there is not. */
export function unknownId(
  path: readonly PropertyKey[],
  id: string,
  known: readonly { readonly id: string }[],
): Mistake {
  const ids = known.map((one) => one.id);
  return { path, message: `there is no '${id}'${didYouMean(id, ids) || `; wanted ${ids.join(', ')}`}` };
}

/** What is wrong with the options that are given to something of ours. @param at where they stand */
export function optionMistakes(
  { id, optionsSchema }: { readonly id: string; readonly optionsSchema: z.ZodObject },
  options: unknown,
  at: readonly PropertyKey[],
): Mistake[] {
  const known = Object.keys(optionsSchema.shape).map((name) => ({ id: name }));
  const issues = optionsSchema.safeParse(options, { reportInput: true }).error?.issues ?? [];
  return issues.flatMap((issue): Mistake[] => {
    if (issue.code !== 'unrecognized_keys') return [{ path: [...at, ...issue.path], message: sentence(issue) }];
    return issue.keys.map((key) => {
      const path = [...at, key];
      if (known.length === 0) return { path, message: `${id} has no options`, atKey: true };
      const { message } = unknownId(path, key, known);
      return { path, message: message.replace(/^there is no/, `${id} has no option`), atKey: true };
    });
  });
}

function mistakesOf(issue: z.core.$ZodIssue, written: Written): Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(issue.path, written);
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: `there is no such field${didYouMean(key, known) || `; the fields are ${known.join(', ')}`}`,
      atKey: true,
    }));
  }
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const kinds = kindsAt(issue.path.slice(0, -1), written, issue.discriminator);
    const came = (issue.input as Readonly<Record<string, unknown>> | undefined)?.[issue.discriminator];
    return [{ path: issue.path, message: oneOf(came, kinds) }];
  }
  return [{ path: issue.path, message: sentence(issue) }];
}

/** What stands where one of a few values is wanted. */
function oneOf(came: unknown, values: readonly string[]): string {
  if (came === undefined) return `is missing; wanted ${list(values)}`;
  return `is ${show(came)}; wanted ${list(values)}${typeof came === 'string' ? didYouMean(came, values) : ''}`;
}

function sentence(issue: z.core.$ZodIssue): string {
  const { input } = issue;
  if (issue.code === 'invalid_type') {
    // A schema may say it in words of its own.
    const own = issue.message.startsWith('wanted ') ? issue.message : undefined;
    const wanted = own ?? `wanted ${kindNames[issue.expected] ?? issue.expected}`;
    if (input === undefined) return `is missing; ${wanted}`;
    const quote = issue.expected === 'string' && typeof input !== 'object' ? ': put it in quotes' : '';
    return `is ${show(input)}; ${wanted}${quote}`;
  }
  if (issue.code === 'invalid_value') return oneOf(input, issue.values.map(String));
  if (issue.code === 'too_small' || issue.code === 'too_big') return size(issue);
  return issue.code === 'custom' ? issue.message : `is ${show(input)}; ${issue.message}`;
}

const kindNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields of its own',
  record: 'fields of its own',
};

const units: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };

function size(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const { input } = issue;
  const [limit, within, beyond] =
    issue.code === 'too_small'
      ? ([issue.minimum, 'at least', 'more than'] as const)
      : ([issue.maximum, 'at most', 'less than'] as const);
  const bound = `${issue.inclusive === false ? beyond : within} ${limit}`;
  const unit = units[issue.origin];
  if (unit === undefined) return `is ${show(input)}; wanted ${bound}`;
  return `has ${(input as { length: number }).length} ${unit}; wanted ${bound}`;
}

/** A value as a message may quote it: short, and without what could steer a terminal. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'fields of its own';
  const text = typeof value === 'string' ? value.replace(/\p{Cc}/gu, '�') : String(value);
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return typeof value === 'string' ? `'${short}'` : short === 'null' ? 'empty' : short;
}

function list(values: readonly string[]): string {
  return values.length === 1 ? `${values[0]}` : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

/** Names of the fields that the schema has at a path of what was written. */
function fieldsAt(path: readonly PropertyKey[], written: Written): string[] {
  const found = schemaAt(path, written);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

/** What the field may hold that tells the kinds apart of what stands at a path. */
function kindsAt(path: readonly PropertyKey[], written: Written, field: string): string[] {
  const found = schemaAt(path, written, false);
  return found instanceof z.ZodDiscriminatedUnion ? kindsOf(found, field).map(([kind]) => kind) : [];
}

function kindsOf(union: z.ZodDiscriminatedUnion, field: string): [string, z.ZodObject][] {
  return (union.options as z.ZodObject[]).map((option) => {
    const [kind] = (option.shape[field] as z.ZodLiteral<string>).values;
    return [kind as string, option];
  });
}

/** @param pick whether to go on from kinds told apart by a field to the one that the value is of */
function schemaAt(path: readonly PropertyKey[], { schema: whole, value }: Written, pick = true): unknown {
  let schema = unwrap(whole);
  let here = value;
  for (const step of path) {
    schema = ofKind(schema, here);
    if (schema instanceof z.ZodObject) schema = unwrap(schema.shape[String(step)]);
    else if (schema instanceof z.ZodArray) schema = unwrap(schema.element);
    here = (here as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[step];
  }
  return pick ? ofKind(schema, here) : schema;
}

function ofKind(schema: unknown, value: unknown): unknown {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const field = schema.def.discriminator;
  const came = (value as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  return kindsOf(schema, field).find(([kind]) => kind === came)?.[1];
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) {
    inner = inner.unwrap();
  }
  return inner;
}
