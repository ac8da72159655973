// Finds a running sandbox for the tests, or starts one of its own on free ports and throw-away data.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;
const BUILT = fileURLToPath(new URL('../../target/debug/jiaozi', import.meta.url));

// The database that the server works on: `sqlite`, or `postgres` for a server that is thrown away.
const DATABASE = process.env.JIAOZI_TEST_DATABASE ?? 'sqlite';

// How this test starts its own server: free ports, and the demo file that `story.test.mjs` describes.
const serveArguments = (folder, demoFile) => [
  'serve', '--sandbox', '--demo-people',
  '--data', join(folder, 'data'),
  '--database', DATABASE,
  '--listen', '127.0.0.1:0',
  '--merchant-listen', '127.0.0.1:0',
  '--tls-listen', '127.0.0.1:0',
  '--proxy-listen', '127.0.0.1:0',
  '--demo-file', demoFile,
];

/** The demo description and its file; if the server is ours, also `stop`, its program and data folder. */
export async function findServer() {
  const given = process.env.JIAOZI_DEMO;
  if (given) {
    return { demo: JSON.parse(await readFile(given, 'utf8')), file: given, stop: async () => {} };
  }
  const folder = await mkdtemp(join(tmpdir(), 'jiaozi-sdk-'));
  const demoFile = join(folder, 'demo.json');
  const program = process.env.JIAOZI_BIN ?? BUILT;
  const server = spawn(program, serveArguments(folder, demoFile), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => { output = (output + text).slice(-8_000); });
  }
  let failure;
  server.on('error', (error) => { failure = error.message; });
  server.on('exit', (code, signal) => { failure ??= `it ended with ${code ?? signal}`; });
  const kill = () => server.kill('SIGKILL');
  process.on('exit', kill);

  const stop = async () => {
    if (server.exitCode === null && server.signalCode === null && server.pid) {
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      await Promise.race([ended, pause(STOP_MS_MAX, undefined, { ref: false })]);
      kill();
    }
    process.off('exit', kill);
    await rm(folder, { recursive: true, force: true });
  };

  const deadline = Date.now() + START_MS_MAX;
  while (Date.now() < deadline && !failure) {
    const demo = await readDemo(demoFile);
    if (demo) return { demo, file: demoFile, program, data: join(folder, 'data'), stop };
    await pause(100);
  }
  await stop();
  throw new Error(`${program} did not start: ${failure ?? 'time is over'}\n${output}`);
}

async function readDemo(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined; // Not there yet, or half written.
  }
}
