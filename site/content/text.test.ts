import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { externalEvaluationSchema } from '#core/external-evaluation.ts';
import { submissionSchema } from '#core/submission.ts';
import { fixtureSubmission } from '../testing/fixtures.ts';
import { bibtexText, paperBibtex, rowBibtex } from './bibtex.ts';
import { csv } from './csv.ts';
import { exampleExternal, exampleSubmission } from './example-submission.ts';
import { flagExplanations } from './flag-explanations.ts';

describe('csv', () => {
  it('quotes what needs it and disarms formulas', () => {
    expect(
      csv([
        ['name', 'value'],
        ['a "b", c', 0.5],
        ['=HYPERLINK("x")', -1],
      ]),
    ).toBe('name,value\r\n"a ""b"", c",0.5\r\n"\'=HYPERLINK(""x"")",-1\r\n');
  });
});

describe('bibtex', () => {
  it('keeps braces balanced and commands inert whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const escaped = bibtexText(text).replace(/\\textbackslash\{\}|\\text\w+\{\}|\\[{}$&#%_]/g, '');
        expect(escaped).not.toMatch(/[\\{}$&#%_^~\n\r]/);
      }),
    );
  });

  it('cites a paper, and nothing where there is none', () => {
    const submission = fixtureSubmission({ id: 'Papernot2016Distillation' });
    expect(paperBibtex(submission)).toContain(
      '@article{Papernot2016Distillation,\n  title = {{On Papernot2016Distillation}}',
    );
    expect(paperBibtex({ ...submission, paper: null })).toBeNull();
  });

  it('cites a row with the digest of its result', () => {
    const row = {
      id: 'A',
      track: 'mnist-linf-0.3',
      suite: 'v1',
      date: '2026-01-02T00:00:00Z',
      digest: 'abc',
      url: null,
    };
    expect(rowBibtex(row)).toContain('note = {Result abc}');
  });
});

describe('the example submission', () => {
  it('is a submission', () => {
    expect(submissionSchema.parse(parse(exampleSubmission)).id).toBe('Papernot2016Distillation');
    expect(externalEvaluationSchema.parse(parse(exampleExternal)).of.submission).toBe('Papernot2016Distillation');
  });
});

describe('explanations of flags', () => {
  it('are there for every id that a diagnostic gives, and for no other', () => {
    const folder = new URL('../../runner/core/diagnostics/', import.meta.url);
    const sources = readdirSync(folder).filter((name) => /^(?!.*\.test\.)(?!index|diagnostic\.).*\.ts$/.test(name));
    const ids = sources.flatMap((name) =>
      [...readFileSync(new URL(name, folder), 'utf8').matchAll(/\bid: '([a-z-]+)'/g)].map((m) => m[1]),
    );
    expect(Object.keys(flagExplanations).sort()).toEqual([...new Set(ids)].sort());
  });
});
