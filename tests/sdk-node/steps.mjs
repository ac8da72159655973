// Plays tests/conformance/steps.json, which says what its fields mean, through one client.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const TABLE = new URL('../conformance/steps.json', import.meta.url);

export const { steps } = JSON.parse(await readFile(TABLE, 'utf8'));

/** The names that stand for something at the beginning. */
export const firstNames = ({ merchant }, notifyUrl, openid) => ({
  run: `js${randomBytes(6).toString('hex')}`,
  mchid: merchant.mchid,
  appid: merchant.appid,
  notify_url: notifyUrl,
  openid,
});

const fill = (value, names) => {
  let text = JSON.stringify(value);
  for (const [name, filled] of Object.entries(names)) text = text.replaceAll(`{${name}}`, filled);
  return JSON.parse(text);
};

const at = (value, pointer) => pointer.split('/').slice(1)
  .reduce((part, name) => part?.[name], value);

const isAs = (value, expected) => Object.entries(expected)
  .every(([pointer, wanted]) => at(value, pointer) === wanted);

/** Does one step. `client.call` gives `{status, body}`, `client.receiver` has what was notified. */
export async function perform(step, client, sandbox, names) {
  const { expect = {}, save = {}, ...rest } = step;
  const wanted = fill(expect, names);
  if (step.pay) {
    const order = fill(step.pay, names);
    if (order.startsWith('{')) return;
    const told = await sandbox('payments', { order });
    assert.equal(told.is_paid, true, JSON.stringify(told));
  } else if (step.code) {
    const shown = await sandbox('codes', { outcome: step.code });
    for (const [name, pointer] of Object.entries(save)) names[name] = at(shown, pointer);
  } else if (step.advance) {
    await sandbox('clock', { advance_seconds: step.advance });
  } else if (step.notified) {
    const found = await client.receiver.take(({ problem, envelope, resource }) => (
      problem || (envelope.event_type === step.notified && isAs(resource, wanted))
    ));
    assert.equal(found.problem, undefined);
  } else {
    const [method, target] = fill(rest.call, names).split(' ');
    const body = rest.body && fill(rest.body, names);
    const answer = await client.call(method, target, body);
    if (step.if_there && answer.status === 404 && answer.body.code === 'NOT_FOUND') return;
    assert.equal(answer.status, step.status ?? 200, JSON.stringify(answer.body));
    for (const [pointer, value] of Object.entries(wanted)) {
      assert.equal(at(answer.body, pointer), value, `${pointer} of ${JSON.stringify(answer.body)}`);
    }
    for (const [name, pointer] of Object.entries(save)) names[name] = at(answer.body, pointer);
  }
}

/** Asks the sandbox itself: to pay an order, for a code or an openid, to move time. */
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
