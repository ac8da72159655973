// A merchant's whole story, told by an unmodified WeChat Pay SDK: only its base URL is ours.
//
// The test starts its own sandbox (JIAOZI_BIN, by default target/debug/jiaozi), on SQLite or, with
// JIAOZI_TEST_DATABASE=postgres, on a PostgreSQL server that is thrown away. To run it against
// a running one, set JIAOZI_DEMO to the path of the JSON file that `serve --demo-file` writes:
//
//   {
//     "merchant_api": "http://127.0.0.1:4001",     where /v3 is served
//     "consumer_api": "http://127.0.0.1:4000",     where /v1 and /sandbox/v1 are served
//     "merchant": {
//       "mchid": "1900000001",                     10 digits
//       "appid": "wx0123456789abcdef",             bound to the merchant
//       "serial_no": "5157F09EFDC096DE...",        of the merchant's API certificate, hex
//       "private_key_file": "/.../apiclient_key.pem",
//       "apiv3_key": "32 characters"
//     },
//     "payer": {                                   a person with at least 100.00 yuan
//       "token": "...",                            for `Authorization: Bearer`
//       "payment_password": "six digits"
//     }
//   }
//
// The file must appear complete (write, then rename), after both listeners answer.

import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Wechatpay } from 'wechatpay-axios-plugin';

import { credentials, downloadCertificates, refusal } from './merchant.mjs';
import { Payer } from './payer.mjs';
import { Receiver } from './receiver.mjs';
import { findServer } from './server.mjs';

const TOTAL = 1_000;
const PART = 300;

let demo;
let stop;
let config;
let certs;
let wxpay;
let payer;
let receiver;
let paid; // The order of the story after its payment, as the merchant's query shows it.

const number = (prefix) => `${prefix}${randomBytes(10).toString('hex')}`;
const order = { out_trade_no: number('first-') };
const refunds = { part: number('part-'), rest: number('rest-') };

const orderBody = (outTradeNo, changes = {}) => ({
  appid: demo.merchant.appid,
  mchid: demo.merchant.mchid,
  description: '一杯茶 / a cup of tea',
  out_trade_no: outTradeNo,
  attach: 'table 7',
  notify_url: receiver.url,
  amount: { total: TOTAL, currency: 'CNY' },
  ...changes,
});
const refundBody = (outRefundNo, amount) => ({
  out_trade_no: order.out_trade_no,
  out_refund_no: outRefundNo,
  reason: 'cold tea',
  notify_url: receiver.url,
  amount: { refund: amount, total: TOTAL, currency: 'CNY' },
});
const byNumber = (outTradeNo) => wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.get({
  params: { mchid: demo.merchant.mchid },
  out_trade_no: outTradeNo,
});
const close = (outTradeNo) => wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.close.post(
  { mchid: demo.merchant.mchid },
  { out_trade_no: outTradeNo },
);
const createNative = (body, options) => wxpay.v3.pay.transactions.native.post(body, options);
const createRefund = (body, options) => wxpay.v3.refund.domestic.refunds.post(body, options);

before(async () => {
  ({ demo, stop } = await findServer());
  config = await credentials(demo);
  payer = new Payer(demo);
});

after(async () => {
  await receiver?.stop();
  await stop?.();
});

test('platform certificates download, decrypt and verify the answer they came in', async () => {
  certs = await downloadCertificates(config, demo.merchant.apiv3_key);
  assert.ok(Object.keys(certs).length >= 1);
  for (const [serial, pem] of Object.entries(certs)) {
    assert.match(serial, /^[0-9A-F]+$/);
    assert.match(pem, /^-----BEGIN CERTIFICATE-----/);
  }
  wxpay = new Wechatpay({ ...config, certs: { ...certs } });
  const { status, data } = await wxpay.v3.certificates.get();
  assert.equal(status, 200);
  assert.deepEqual(data.data.map((item) => item.serial_no).sort(), Object.keys(certs).sort());
  receiver = await Receiver.start({ certs, apiv3Key: demo.merchant.apiv3_key });
});

test('Native order is created, and again with the same parameters', async () => {
  const { status, data } = await createNative(orderBody(order.out_trade_no));
  assert.equal(status, 200);
  assert.match(data.code_url, /^\S{1,64}$/);
  order.code_url = data.code_url;
  const again = await createNative(orderBody(order.out_trade_no));
  assert.equal(again.status, 200);
  const { data: unpaid } = await byNumber(order.out_trade_no);
  assert.equal(unpaid.trade_state, 'NOTPAY');
  assert.equal(unpaid.transaction_id, undefined);
});

test('same number with another amount is refused', async () => {
  const other = orderBody(order.out_trade_no, { amount: { total: TOTAL + 1, currency: 'CNY' } });
  const { status, body } = await refusal(certs, (options) => createNative(other, options));
  assert.deepEqual([status, body.code], [400, 'INVALID_REQUEST']);
});

test('payer sees the amount and pays; the notification is sent again until acknowledged', async () => {
  receiver.failOnce();
  const shown = await payer.resolve(order.code_url);
  assert.deepEqual(shown.amount, { currency: 'CNY', minor: TOTAL });
  await payer.pay(shown);
  const isOurs = ({ resource }) => resource?.out_trade_no === order.out_trade_no;
  const refused = await receiver.take((found) => isOurs(found) && found.refused);
  assert.equal(refused.problem, undefined);
  const accepted = await afterRetryStep((found) => isOurs(found) && !found.refused);
  assert.equal(accepted.problem, undefined);
  assert.equal(accepted.method, 'POST');
  assert.equal(accepted.headers['wechatpay-signature-type'], 'WECHATPAY2-SHA256-RSA2048');
  assert.equal(accepted.envelope.id, refused.envelope.id);
  assert.equal(accepted.envelope.event_type, 'TRANSACTION.SUCCESS');
  assert.equal(accepted.envelope.resource_type, 'encrypt-resource');
  assert.equal(accepted.envelope.resource.original_type, 'transaction');
  assert.equal(accepted.resource.trade_state, 'SUCCESS');
  assert.equal(accepted.resource.attach, 'table 7');
  assert.equal(accepted.resource.amount.total, TOTAL);
  assert.match(accepted.resource.transaction_id, /^4200\d{24}$/);
  order.transaction_id = accepted.resource.transaction_id;
});

test('paid order is found by both numbers', async () => {
  const { data } = await byNumber(order.out_trade_no);
  assert.equal(data.trade_state, 'SUCCESS');
  assert.equal(data.trade_type, 'NATIVE');
  assert.equal(data.transaction_id, order.transaction_id);
  assert.equal(data.mchid, demo.merchant.mchid);
  assert.equal(data.appid, demo.merchant.appid);
  assert.equal(data.amount.total, TOTAL);
  assert.equal(data.amount.payer_total, TOTAL);
  assert.match(data.payer.openid, /^[\w-]{28}$/);
  assert.match(data.success_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+08:00$/);
  const same = await wxpay.v3.pay.transactions.id.$transaction_id$.get({
    params: { mchid: demo.merchant.mchid },
    transaction_id: order.transaction_id,
  });
  assert.deepEqual(same.data, data);
  paid = data;
});

test('unknown order is not found', async () => {
  const { status, body } = await refusal(certs, (options) => (
    wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.get({
      ...options, params: { mchid: demo.merchant.mchid }, out_trade_no: number('none-'),
    })
  ));
  assert.deepEqual([status, body.code], [404, 'ORDER_NOT_EXIST']);
});

test('second order is closed, and closing it again changes nothing', async () => {
  const outTradeNo = number('second-');
  await createNative(orderBody(outTradeNo));
  for (const round of ['first', 'again']) {
    const { status, data } = await close(outTradeNo);
    assert.deepEqual([round, status, data], [round, 204, '']);
  }
  const { data } = await byNumber(outTradeNo);
  assert.equal(data.trade_state, 'CLOSED');
  const { status, body } = await refusal(certs, (options) => (
    createNative(orderBody(outTradeNo), options)
  ));
  assert.deepEqual([status, body.code], [400, 'ORDER_CLOSED']);
});

test('third order expires by itself when its time is over', async () => {
  const outTradeNo = number('third-');
  const now = await payer.moveClock(1);
  await createNative(orderBody(outTradeNo, { time_expire: chinaTime(now, 120) }));
  await payer.moveClock(60);
  assert.equal((await byNumber(outTradeNo)).data.trade_state, 'NOTPAY');
  await payer.moveClock(61);
  const state = await eventually(async () => (await byNumber(outTradeNo)).data.trade_state, 'CLOSED');
  assert.equal(state, 'CLOSED');
});

test('part is refunded, a repeat is the same refund, and the merchant is told', async () => {
  const { status, data } = await createRefund(refundBody(refunds.part, PART));
  assert.equal(status, 200);
  assert.ok(['PROCESSING', 'SUCCESS'].includes(data.status), data.status);
  assert.match(data.refund_id, /^50\d{27}$/);
  assert.equal(data.out_refund_no, refunds.part);
  assert.equal(data.transaction_id, order.transaction_id);
  assert.deepEqual([data.amount.total, data.amount.refund], [TOTAL, PART]);
  const again = await createRefund(refundBody(refunds.part, PART));
  assert.equal(again.data.refund_id, data.refund_id);
  await assertRefundNotified(refunds.part, PART);
});

test('refund is found by its number', async () => {
  const { data } = await wxpay.v3.refund.domestic.refunds.$out_refund_no$.get({
    out_refund_no: refunds.part,
  });
  assert.equal(data.status, 'SUCCESS');
  assert.equal(data.out_trade_no, order.out_trade_no);
  assert.equal(data.amount.refund, PART);
  assert.equal((await byNumber(order.out_trade_no)).data.trade_state, 'REFUND');
});

test('refund of more than what is left is refused', async () => {
  await payer.moveClock(60);
  const tooMuch = refundBody(number('much-'), TOTAL - PART + 1);
  const { status, body } = await refusal(certs, (options) => createRefund(tooMuch, options));
  assert.deepEqual([status, body.code], [400, 'INVALID_REQUEST']);
});

test('rest is refunded, then nothing is left', async () => {
  const { status } = await createRefund(refundBody(refunds.rest, TOTAL - PART));
  assert.equal(status, 200);
  await assertRefundNotified(refunds.rest, TOTAL - PART);
  await payer.moveClock(60);
  const more = refundBody(number('more-'), 1);
  const refused = await refusal(certs, (options) => createRefund(more, options));
  assert.deepEqual([refused.status, refused.body.code], [400, 'INVALID_REQUEST']);
});

test('request signed with a wrong key is refused, and the answer says where to look', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = new Wechatpay({ ...config, privateKey, certs: { ...certs } });
  const { status, body } = await refusal(certs, (options) => (
    stranger.v3.pay.transactions.native.post(orderBody(number('wrong-')), options)
  ));
  assert.deepEqual([status, body.code], [401, 'SIGN_ERROR']);
  assert.equal(body.detail.field, 'signature');
  assert.equal(body.detail.location, 'authorization');
  assert.equal(body.detail.sign_information.method, 'POST');
  assert.equal(body.detail.sign_information.url, '/v3/pay/transactions/native');
});

test('wrong parameter is named', async () => {
  const nothing = orderBody(number('zero-'), { amount: { total: 0, currency: 'CNY' } });
  const { status, body } = await refusal(certs, (options) => createNative(nothing, options));
  assert.deepEqual([status, body.code], [400, 'PARAM_ERROR']);
  assert.equal(body.detail.field, '/amount/total');
  assert.equal(body.detail.location, 'body');
  assert.equal(body.detail.value, 0);
  assert.equal(typeof body.detail.issue, 'string');
});

test('payment itself stays as it was after its refunds', async () => {
  const { data } = await byNumber(order.out_trade_no);
  const state = { trade_state: 'REFUND', trade_state_desc: data.trade_state_desc };
  assert.deepEqual(data, { ...paid, ...state });
});

async function assertRefundNotified(outRefundNo, amount) {
  const found = await receiver.take(({ resource }) => resource?.out_refund_no === outRefundNo);
  assert.equal(found.problem, undefined);
  assert.equal(found.envelope.event_type, 'REFUND.SUCCESS');
  assert.equal(found.envelope.resource.original_type, 'refund');
  assert.equal(found.resource.refund_status, 'SUCCESS');
  assert.equal(found.resource.out_trade_no, order.out_trade_no);
  assert.equal(found.resource.transaction_id, order.transaction_id);
  assert.deepEqual([found.resource.amount.total, found.resource.amount.refund], [TOTAL, amount]);
}

/**
 * Moves the clock over the first step of the retry schedule until the notification is there: the
 * step begins when the server has recorded the failure, which may be after the clock moved.
 */
async function afterRetryStep(wanted) {
  for (let round = 0; round < 5; round += 1) {
    await payer.moveClock(16);
    const found = await receiver.take(wanted, 2_000).catch(() => undefined);
    if (found) return found;
  }
  return receiver.take(wanted);
}

/** Asks until the answer is `wanted` or ten seconds are over; returns the last answer. */
async function eventually(ask, wanted) {
  const deadline = Date.now() + 10_000;
  let answer = await ask();
  while (answer !== wanted && Date.now() < deadline) {
    await pause(50);
    answer = await ask();
  }
  return answer;
}

/** `seconds` after `now` as the protocol writes times. */
function chinaTime(now, seconds) {
  const shifted = new Date(now.getTime() + (8 * 3_600 + seconds) * 1_000);
  return `${shifted.toISOString().slice(0, 19)}+08:00`;
}
