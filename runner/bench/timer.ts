import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ParapetError } from '#core/errors.ts';

/** A process that waits for lines of JSON and times what each asks for. */
export interface Timer<Request, Response> {
  /** @throws ParapetError 'infrastructure' with the end of what the process said, when it ends instead of answering */
  ask(request: Request): Promise<Response>;
  end(): void;
}

export function startTimer<Request, Response>(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Timer<Request, Response> {
  const child: ChildProcessWithoutNullStreams = spawn(program, args, { env });
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    complaint = (complaint + data).slice(-4000);
  });
  child.on('error', (error) => {
    complaint = error.message;
  });
  // What is written to a process that has ended: the lines that do not come tell of it.
  child.stdin.on('error', () => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new ParapetError('infrastructure', complaint.trim().split('\n').at(-1) || `${program} ended`);
        if (value.startsWith('{')) return JSON.parse(value) as Response;
      }
    },
    end: () => void child.kill(),
  };
}
