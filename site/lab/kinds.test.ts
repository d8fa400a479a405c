/** Submissions of every kind, as the lab opens them: in a browser, from the files that the site serves. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SentSubmission } from '#core/models/sent-model.ts';
import { sentSubmission } from '#core/models/submitted-files.ts';
import { submissionSchema } from '#core/submission.ts';
import { startBackend } from '../../runner/backends/index.ts';
import { loadDataset } from '../../runner/files/datasets.ts';
import { everyKind } from '../../runner/files/testing/submissions.ts';
import { buildSite } from '../testing/build.ts';
import { saved, settled } from '../testing/lab-page.ts';
import { type Opened, openSite } from '../testing/open-site.ts';
import { createSession, type Session } from './session.ts';

const EXAMPLE = 0;
let opened: Opened;
let node: Session;
const kinds: string[] = [];

beforeAll(async () => {
  node = createSession({
    report: { name: 'wasm', device: '', precision: 'float32', passedOver: [] },
    isLost: () => false,
  });
  await startBackend('wasm');
  const files: Record<string, Uint8Array> = {};
  const submissions = [];
  for (const made of await everyKind()) {
    const submission = submissionSchema.parse(made.manifest);
    submissions.push(submission);
    kinds.push(made.id);
    await node.load(made.id, sentSubmission(submission, made.files) as SentSubmission);
    for (const [name, bytes] of Object.entries(made.files)) files[join('submissions', made.id, name)] = bytes;
  }
  opened = await openSite(await buildSite(submissions, [], { files }));
}, 600_000);
afterAll(() => opened?.close());

it('gives the images of Node, whatever a submission is', async () => {
  const { x, y } = await loadDataset('mnist', 'test', { limit: 1 });
  const page = await opened.browser.newPage({ baseURL: opened.url });
  page.setDefaultTimeout(60_000);
  for (const id of kinds) {
    await page.goto(`/lab/?backend=wasm&model=${id}&attack=fgsm&norm=Linf&epsilon=0.1&digit=${EXAMPLE}&seed=0`);
    await settled(page);
    const { attack, norm, epsilon, seed, model, logitsBefore, xAdv } = JSON.parse(
      (await saved(page, 'save-json')).toString(),
    );
    expect(model.id).toBe(id);
    const ours = await node.attack(
      {
        ...{ model: id, attack: attack.id, options: attack.options, norm, epsilon, seed },
        ...{ x: x.slice(), y: Int32Array.from(y), target: null, examples: Int32Array.of(EXAMPLE) },
      },
      () => {},
    );
    for (const [i, logit] of ours.logitsBefore.entries()) expect(logitsBefore[i]).toBeCloseTo(logit, 3);
    const apart = ours.xAdv.map((value, i) => Math.abs(value - xAdv[i]));
    expect(Math.max(...apart)).toBeLessThan(1e-5);
  }
}, 300_000);
