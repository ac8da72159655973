// Compares docs/compatibility.md with what the suites really did: the calls that the sandbox of each
// suite answered with success (target/conformance/*.json, from with-sandbox.mjs), beside every call
// that the official SDK for Go has. UPDATE_GENERATED=1 writes the page.

import { execFileSync } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const at = (path) => new URL(path, import.meta.url);
const PAGE = at('../../docs/compatibility.md');
const SUITES = [
  ['go', 'Go'],
  ['java', 'Java'],
  ['node', 'Node'],
  ['python', 'Python'],
];
const MODULE = 'github.com/wechatpay-apiv3/wechatpay-go';

/** A call without the names of its variables, which everybody chooses differently. */
const shape = (call) => call.replace(/\{[^}]*\}/g, '{}');

/** Every call in the source of the SDK for Go, with its package: the file is code that was generated. */
async function callsOfGoSdk() {
  const options = { cwd: fileURLToPath(at('../sdk-go')), encoding: 'utf8' };
  const folder = execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', MODULE], options).trim();
  const services = `${folder}/services`;
  const files = (await readdir(services, { recursive: true }))
    .filter((name) => name.endsWith('.go') && !name.endsWith('_test.go')).sort();
  const calls = new Set();
  for (const name of files) {
    const text = await readFile(`${services}/${name}`, 'utf8');
    const family = name.slice(0, name.lastIndexOf('/'));
    const made = /localVarHTTPMethod\s*=\s*nethttp\.Method(\w+)|WechatPayAPIServer \+ "([^"]+)"/g;
    let method;
    for (const [, verb, path] of text.matchAll(made)) {
      if (verb) method = verb.toUpperCase();
      else calls.add(`${family} ${method} ${path}`);
    }
    for (const [, path] of text.matchAll(/\.upload\(\s*ctx, "([^"]+)"/g)) {
      calls.add(`${family} POST ${path}`);
    }
  }
  return [...calls].map((text) => {
    const [family, ...call] = text.split(' ');
    return { call: call.join(' '), family };
  });
}

const answered = new Map();
for (const [suite, name] of SUITES) {
  const calls = JSON.parse(await readFile(at(`../../target/conformance/${suite}.json`), 'utf8'));
  answered.set(name, new Set(calls.map(shape)));
}
const everything = await callsOfGoSdk();
const isAnswered = (call) => [...answered.values()].some((calls) => calls.has(shape(call)));
const known = new Set(everything.map(({ call }) => shape(call)));
const beyond = [...new Set(SUITES.flatMap(([, name]) => [...answered.get(name)]))]
  .filter((call) => !known.has(call)).sort();

const names = SUITES.map(([, name]) => name);
const row = (call) => names.map((name) => (answered.get(name).has(shape(call)) ? 'yes' : '')).join(' | ');
const yes = everything.filter(({ call }) => isAnswered(call)).length;
const families = [...new Set(everything.map(({ family }) => family))];
const head = (first) => [`| ${first} | ${names.join(' | ')} |`, `| --- |${' --- |'.repeat(names.length)}`];
const lines = [
  '# Compatibility',
  '',
  'Written by `make conformance` from what really happened: unmodified SDKs called a sandbox over TLS,',
  'in certificate mode and in public key mode, and *yes* means that the call was answered with success',
  'and that the SDK accepted the signature of the answer. Node stands for wechatpay-axios-plugin and',
  'wechatpay-node-v3, Python for wechatpayv3, plain and async. Calls of the XML interface are answered with',
  'status 200 whatever comes of them; that suite looks inside.',
  '',
  `Of the ${everything.length} calls of the official SDK for Go, ${yes} are answered.`,
];
for (const family of families) {
  lines.push('', `## ${family}`, '', ...head('call'));
  for (const { call } of everything.filter((one) => one.family === family)) {
    lines.push(isAnswered(call) ? `| \`${call}\` | ${row(call)} |`
      : `| \`${call}\` | not yet |${' |'.repeat(names.length - 1)}`);
  }
}
lines.push('', '## Calls beyond the SDK for Go', '', ...head('call'));
for (const call of beyond) lines.push(`| \`${call}\` | ${row(call)} |`);
const fresh = `${lines.join('\n')}\n`;

if (process.env.UPDATE_GENERATED) await writeFile(PAGE, fresh);
const committed = await readFile(PAGE, 'utf8').catch(() => '');
if (committed === fresh) {
  console.log(`docs/compatibility.md is true: ${yes} of ${everything.length} calls`);
} else {
  // Lines that say more than is true are a fault; what works now and is not said yet is not.
  const cells = (line) => line.split('|').slice(2).map((cell) => cell.trim());
  const now = new Map(fresh.split('\n').map((line) => [line.split(' | ')[0], cells(line)]));
  const worse = committed.split('\n').filter((line) => line.startsWith('| `'))
    .filter((line) => cells(line).some((cell, at) => cell === 'yes'
      && now.get(line.split(' | ')[0])?.[at] !== 'yes'));
  console.error('docs/compatibility.md is old: run `make compatibility`');
  for (const line of worse) console.error(`no longer true: ${line}`);
  process.exitCode = worse.length > 0 ? 1 : 0;
}
