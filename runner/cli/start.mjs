// Plain JavaScript, because it has to run where TypeScript does not: on a Node that is too old it says what to do.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `error: Node ${process.versions.node} is too old; wanted 22.18 or later\n` +
      `  run it as 'npm run -s parapet -- …' after 'npm ci', which brings one for Linux and for Macs with Intel; else install Node 22\n`,
  );
  process.exit(2);
}
await import('./main.ts');
