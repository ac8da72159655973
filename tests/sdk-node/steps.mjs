// Plays tests/conformance/steps.json, which says what its fields mean, through one client.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const TABLE = new URL('../conformance/steps.json', import.meta.url);

const table = JSON.parse(await readFile(TABLE, 'utf8'));

/** Those of this suite. */
export const steps = table.steps.filter(({ suites = ['node'] }) => suites.includes('node'));

/** The names that stand for something at the beginning. */
export async function firstNames({ merchant: { mchid, appid } }, sandbox, notifyUrl) {
  return {
    run: `js${randomBytes(6).toString('hex')}`,
    mchid,
    appid,
    notify_url: notifyUrl,
    ...await sandbox('openids', { mchid, appid }),
    ...await sandbox('sub-merchants', { mchid }),
  };
}

const fill = (value, names) => {
  let text = JSON.stringify(value);
  for (const [name, filled] of Object.entries(names)) text = text.replaceAll(`{${name}}`, filled);
  return JSON.parse(text);
};

const at = (value, pointer) => pointer.split('/').slice(1)
  .reduce((part, name) => part?.[name], value);

const isAs = (value, expected) => Object.entries(expected)
  .every(([pointer, wanted]) => at(value, pointer) === wanted);

/**
 * Does one step. `client.call` and `client.upload` give `{status, body}`, `client.download` the bytes
 * of a file, `client.seal` an encrypted text, `client.sign` a signature of lines, and `client.receiver` has what was notified.
 */
export async function perform(step, client, sandbox, names) {
  const { expect = {}, save = {}, ...rest } = step;
  const wanted = fill(expect, names);
  const keep = (answer) => {
    for (const [name, pointer] of Object.entries(save)) names[name] = at(answer, pointer);
  };
  if (step.pay) {
    const order = fill(step.pay, names);
    const asked = step.sheet ? { sheet: sheetOf(step.sheet, order, client, names) } : { order };
    const told = await sandbox('payments', asked);
    assert.equal(told.is_paid, true, JSON.stringify(told));
  } else if (step.code) {
    keep(await sandbox('codes', { outcome: step.code }));
  } else if (step.advance) {
    keep(await sandbox('clock', { advance_seconds: step.advance }));
  } else if (step.download) {
    const file = await client.download(fill(step.download, names));
    assert.equal(createHash('sha1').update(file).digest('hex'), fill(step.sha1, names));
  } else if (step.complain) {
    const about = fill(step.complain, names);
    keep(await sandbox('complaints', { transaction_id: about, apply_refund: step.refund }));
  } else if (step.upload) {
    const content = Buffer.from(step.file.base64, 'base64');
    const answer = await client.upload(step.upload, step.file.name, content);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    keep(answer.body);
  } else if (step.notified) {
    const found = await client.receiver.take(({ problem, envelope, resource }) => (
      problem || (envelope.event_type === step.notified && isAs(resource, wanted))
    ));
    assert.equal(found.problem, undefined);
  } else {
    for (const [name, text] of Object.entries(step.seal ?? {})) {
      names[name] = client.seal(fill(text, names));
    }
    const [method, target] = fill(rest.call, names).split(' ');
    const body = rest.body && fill(rest.body, names);
    let answer = await client.call(method, target, body);
    const until = fill(step.until ?? {}, names);
    for (let tries = 0; tries < 100 && !isAs(answer.body, until); tries += 1) {
      await pause(100);
      answer = await client.call(method, target, body);
    }
    assert.ok(isAs(answer.body, until), JSON.stringify(answer.body));
    assert.equal(answer.status, step.status ?? 200, JSON.stringify(answer.body));
    for (const [pointer, value] of Object.entries(wanted)) {
      assert.equal(at(answer.body, pointer), value, `${pointer} of ${JSON.stringify(answer.body)}`);
    }
    keep(answer.body);
  }
}

/** What a page or an app hands the wallet, signed by the SDK. */
function sheetOf(caller, prepayid, client, { appid, mchid }) {
  const [timestamp, noncestr] = [String(Math.floor(Date.now() / 1000)), randomBytes(16).toString('hex')];
  const signed = (handed) => client.sign([appid, timestamp, noncestr, handed, ''].join('\n'));
  if (caller === 'app') {
    const app = { appid, partnerid: mchid, prepayid, package: 'Sign=WXPay', noncestr, timestamp };
    return { ...app, sign: signed(prepayid) };
  }
  const page = { appId: appid, timeStamp: timestamp, nonceStr: noncestr, package: `prepay_id=${prepayid}` };
  return { ...page, signType: 'RSA', paySign: signed(page.package) };
}

/** Asks the sandbox itself: to pay an order, for a code, an openid or a sub-merchant, to move time. */
export const sandboxOf = ({ consumer_api: api }) => async (what, body) => {
  const response = await fetch(`${api}/sandbox/v1/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
};
