import type { Result } from '#core/result.ts';

/** What runs a result again, from the commit that it was made of. */
export function reproduceCommands({ code, submission, track, suite, seed, backend, examples }: Result): string {
  const options = [
    `--track ${track}`,
    `--suite ${suite.id}`,
    `--examples ${examples}`,
    `--seed ${seed}`,
    `--backend ${backend.name}`,
  ];
  return [
    ...(/^[0-9a-f]{7,64}$/.test(code.commit) ? [`git checkout ${code.commit}`] : []),
    'npm ci',
    ...(backend.name === 'native' ? ['npm run -s parapet -- native install'] : []),
    ...(backend.name === 'cuda' ? ['npm run -s parapet -- native install --cuda'] : []),
    `npm run -s parapet -- evaluate submissions/${submission.id} \\\n  ${options.join(' ')}`,
  ].join('\n');
}

/** @param path of the result below `results/`, without its ending */
export function verifyCommands(path: string): string {
  return `npm ci\nnpm run -s parapet -- verify results/${path}.json`;
}
