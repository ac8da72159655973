// Runs the programs of docs/sdk as they stand there, against the sandbox of with-sandbox.mjs. Each
// prints the code_url of the order that it placed, which is then paid: `node snippets.mjs <suite>`.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const FOLDER = at('../../target/snippets/');

// Of each suite: the pages, the language of the program in them, and what starts its file.
const SUITES = {
  go: { pages: ['wechatpay-go'], language: 'go', start: (file) => ['go', ['run', file]] },
  java: {
    pages: ['wechatpay-java', 'wxjava', 'wechatpay-apache-httpclient'],
    language: 'java',
    start: (file) => ['./jvm.sh', [file]],
  },
  node: {
    pages: ['wechatpay-axios-plugin', 'wechatpay-node-v3'],
    language: 'js',
    start: (file) => ['node', [file]],
  },
  python: {
    pages: ['wechatpayv3'],
    language: 'python',
    start: (file) => [process.env.PYTHON ?? 'python3', [file]],
  },
};
const ENDINGS = { js: 'mjs', python: 'py' };

const suite = process.argv[2];
const { pages, language, start } = SUITES[suite];
const cwd = at(`../sdk-${suite}`);
// Node looks for packages above the file, so its program lies beside them.
const folder = language === 'js' ? `${cwd}/node_modules/.snippets/` : `${FOLDER}${suite}/`;

for (const page of pages) {
  const text = await readFile(at(`../../docs/sdk/${page}.md`), 'utf8');
  const [, program] = text.split(`\`\`\`${language}\n`);
  const file = `${folder}${page}/main.${ENDINGS[language] ?? language}`;
  await mkdir(`${folder}${page}`, { recursive: true });
  await writeFile(file, program.split('```')[0]);
  const [command, parameters] = start(file);
  const { stdout } = await run(command, parameters, { cwd });
  const demo = JSON.parse(await readFile(process.env.JIAOZI_DEMO, 'utf8'));
  const response = await fetch(`${demo.consumer_api}/sandbox/v1/payments`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ order: stdout.trim() }),
  });
  const told = await response.json();
  assert.equal(told.is_paid, true, `${page}: ${stdout} ${JSON.stringify(told)}`);
  console.log(`docs/sdk/${page}.md: its order is paid\nℹ pass 1`);
}
