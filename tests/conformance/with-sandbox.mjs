// Runs a command with a sandbox of its own: `node with-sandbox.mjs <suite> <command> [arguments]`.
// The command finds the sandbox described in the file JIAOZI_DEMO, its program (JIAOZI_BIN) and data
// (JIAOZI_DATA) for what operators do, and an environment in which SDKs with a fixed host reach it
// unchanged. What the server answered with success is kept afterwards in
// target/conformance/<suite>.json, from which compatibility.mjs writes its table.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { findServer } from '../sdk-node/server.mjs';

const [suite, program, ...parameters] = process.argv.slice(2);
const FOLDER = new URL('../../target/conformance/', import.meta.url);

const { demo, file, program: server, data, stop } = await findServer();
let code = 1;
try {
  const child = spawn(program, parameters, {
    stdio: 'inherit',
    env: {
      ...process.env,
      JIAOZI_DEMO: file,
      ...(server && { JIAOZI_BIN: server, JIAOZI_DATA: data }),
      HTTPS_PROXY: demo.proxy,
      https_proxy: demo.proxy,
      NO_PROXY: '127.0.0.1,localhost',
      no_proxy: '127.0.0.1,localhost',
      SSL_CERT_FILE: demo.ca_file,
      REQUESTS_CA_BUNDLE: demo.ca_file,
      NODE_EXTRA_CA_CERTS: demo.ca_file,
    },
  });
  [code] = await once(child, 'exit');
  const answered = await served(demo);
  await mkdir(FOLDER, { recursive: true });
  await writeFile(new URL(`${suite}.json`, FOLDER), `${JSON.stringify(answered, null, 2)}\n`);
  console.log(`${suite}: ${answered.length} calls answered (${fileURLToPath(FOLDER)}${suite}.json)`);
} finally {
  await stop();
}
process.exitCode = code ?? 1;

/** The merchant calls that were answered with 2xx at least once, as the server counted them. */
async function served({ consumer_api: api }) {
  const text = await (await fetch(`${api}/metrics`)).text();
  const counted = /^jiaozi_http_requests_total\{method="(\w+)",route="(\/(?:v3|pay|secapi)\/[^"]*)",status="2\d\d"\}/gm;
  const calls = [...text.matchAll(counted)].map(([, method, route]) => `${method} ${route}`);
  return [...new Set(calls)].sort();
}
