import type { BackendState, Examination } from './machine.ts';

/** An examination as lines for a person: what is there, then what is missing and how to get it. */
export function describeExamination({ machine, cache, backends, auto, datasets, tools, sandbox }: Examination): string {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const sections = [
    `machine    ${machine.processor}, ${machine.threads} threads, ${gigabytes(machine.memoryBytes)}, ${machine.platform}`,
    `node       ${machine.node}`,
    `cache      ${cache.folder} (${gigabytes(cache.freeBytes)} free)`,
    '',
    ...backends.flatMap(describeBackend),
    `auto       ${auto.name}: ${auto.reason}`,
    '',
    ...datasets.map(({ id, state, folder }) => `data       ${id.padEnd(14)} ${state.padEnd(8)} ${folder}`),
    '',
    ...tools.map(({ name, version }) => `tool       ${name.padEnd(17)} ${version ?? 'missing'}`),
    `sandbox    ${sandbox.problem === null ? 'works: bubblewrap, and the limits of prlimit' : `does not work: ${sandbox.problem}`}`,
    `limits     ${limitsText(sandbox.controlGroups)}`,
  ];
  const advice = [
    ...backends.flatMap((backend) =>
      backend.state === 'ready' ? [] : [`${backend.name} (${backend.problem}): ${backend.hint}`],
    ),
    ...datasets.flatMap(({ id, state }) =>
      state === 'ready' ? [] : [`${id} (${state}): npm run -s parapet -- data fetch ${id}`],
    ),
    ...tools.flatMap(({ name, version, purpose, hint }) => (version === null ? [`${name} (${purpose}): ${hint}`] : [])),
    ...(sandbox.problem === null ? [] : [`sandbox (${sandbox.problem}): ${sandbox.hint}`]),
  ];
  if (advice.length > 0) sections.push('', 'To get what is missing', ...advice.map((line) => `  ${line}`));
  return sections.join('\n');
}

function limitsText(by: Examination['sandbox']['controlGroups']): string {
  if (by === null) return 'memory and threads are watched ten times a second: no control group (cgroup v2) can be made';
  return `memory and threads are held by the kernel: control groups (cgroup v2)${by === 'systemd' ? ' of systemd-run' : ''}`;
}

function describeBackend(backend: BackendState): string[] {
  const head = `backend    ${backend.name.padEnd(7)}`;
  if (backend.state !== 'ready') return [`${head} ${backend.state}: ${backend.problem}`];
  const { device, versions, precision, denormals, threads } = backend.report;
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const lines = [
    `${head} ready on ${device}, ${threads} thread${threads === 1 ? '' : 's'}; ${software.join(', ')}`,
    `           ${precision}, denormals ${denormals}`,
  ];
  if (backend.speed) {
    const { forward, inputGradient } = backend.speed;
    const rates = [forward, inputGradient].map(({ gigaflops }) => `${gigaflops.toFixed(1)} GFLOP/s`);
    lines.push(`           forward ${rates[0]}, input gradient ${rates[1]}`);
  }
  return lines;
}
