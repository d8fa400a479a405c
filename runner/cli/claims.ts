import type { Command } from 'commander';

interface Options {
  all: boolean;
  json: boolean;
}

export function register(program: Command): void {
  program
    .command('claims')
    .description('figures of papers: theirs, ours, and whether they agree')
    .argument('[id]', 'a paper, such as papernot2016 (default: all)')
    .option('--all', 'also figures that nothing here measures yet', false)
    .option('--json', 'print as JSON', false)
    .addHelpText('after', '\nOurs is read from results/, else from out/; evaluate --suite papernot2016 measures it.')
    .action(run);
}

async function run(id: string | undefined, { all, json }: Options): Promise<void> {
  const { claims, findClaim } = await import('#core/claims/index.ts');
  const { verdict } = await import('#core/claims/verdict.ts');
  const { findMeasured, readSubmissions } = await import('../files/measured.ts');
  const { printJson, table } = await import('./output.ts');
  const { percent } = await import('./result-table.ts');

  const submissions = await readSubmissions();
  const wanted = id === undefined ? claims : [findClaim(id)];
  const answers = [];
  for (const claim of wanted) {
    const figures = [];
    for (const figure of claim.figures) {
      const measured = await findMeasured(figure, submissions);
      const ours = measured === null ? null : figure.measure(measured.result);
      const { id: figureId, title, theirs, source } = figure;
      figures.push({
        id: figureId,
        title,
        theirs,
        ours,
        verdict: verdict(claim, figure, ours),
        source,
        result: measured?.path ?? null,
      });
    }
    const { title, paper, protocol } = claim;
    answers.push({ id: claim.id, title, paper, protocol, figures });
  }
  if (json) return printJson(id === undefined ? answers : answers[0]);
  for (const { title, paper, protocol, figures } of answers) {
    const shown = figures.filter((figure) => all || figure.ours !== null);
    const rows = shown.map(({ title: name, theirs, ours, verdict: is }) => [
      name,
      theirs === null ? '–' : percent(theirs),
      ours === null ? '–' : percent(ours),
      is,
    ]);
    process.stdout.write(
      `${title}\n${paper}\n${protocol}\n${table(['figure', 'theirs [95 %]', 'ours [95 %]', 'verdict'], rows, [1, 2])}\n`,
    );
    const left = figures.length - shown.length;
    if (left > 0) process.stdout.write(`${left} more figures are not measured here (--all lists them)\n`);
  }
}
