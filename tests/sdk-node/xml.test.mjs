// A till: wechatpay-axios-plugin, unmodified, charges payment codes and refunds over the XML interface,
// under both signatures. It checks the signature of every answer that says SUCCESS. Run it through
// tests/conformance/with-sandbox.mjs.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  Aes, Hash, Transformer, Wechatpay,
} from 'wechatpay-axios-plugin';

import { credentials } from './merchant.mjs';
import { findServer } from './server.mjs';
import { sandboxOf } from './steps.mjs';

const WAIT_MS_MAX = 15_000;

const { demo, stop } = await findServer();
after(stop);
const sandbox = sandboxOf(demo);
const { mchid, appid, apiv2_key: apiv2Key } = demo.merchant;
const config = { ...await credentials(demo), baseURL: demo.merchant_tls_api };
const certs = { [demo.platform.id]: await readFile(demo.platform.file, 'utf8') };

/** Where a till is told, and what it was told first: read, acknowledged and decrypted. */
async function listener() {
  let told;
  const first = new Promise((resolve) => { told = resolve; });
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { req_info: hidden, ...open } = Transformer.toObject(Buffer.concat(chunks).toString());
    const plain = Aes.AesEcb.decrypt(hidden, Hash.md5(apiv2Key));
    response.end(Transformer.toXml({ return_code: 'SUCCESS', return_msg: 'OK' }));
    told({ ...open, ...Transformer.toObject(plain) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => { server.closeAllConnections(); server.close(); });
  const late = pause(WAIT_MS_MAX, undefined, { ref: false })
    .then(() => { throw new Error('nothing was told'); });
  return { url: `http://127.0.0.1:${server.address().port}/`, told: () => Promise.race([first, late]) };
}

/** What came of a call: its fields, also those of a refusal, which the SDK throws. */
const fields = (call) => call.then(({ data }) => data, (error) => {
  if (!error.response) throw error;
  return error.response.data;
});

for (const kind of ['MD5', 'HMAC-SHA256']) {
  describe(`wechatpay-axios-plugin over XML with ${kind}`, () => {
    const { v2 } = new Wechatpay({ ...config, certs, secret: apiv2Key });
    const run = `xml${randomBytes(6).toString('hex')}`;
    const common = { appid, mch_id: mchid, sign_type: kind };

    const charge = (number, code, till = v2) => fields(till.pay.micropay({
      ...common,
      body: '一杯茶 <tea> & cake',
      out_trade_no: `${run}-${number}`,
      total_fee: 130,
      spbill_create_ip: '127.0.0.1',
      auth_code: code,
    }));
    const query = (number) => fields(v2.pay.orderquery({
      ...common, out_trade_no: `${run}-${number}`,
    }));
    const shown = async (outcome) => (await sandbox('codes', { outcome })).code;

    const until = async (number, state) => {
      const deadline = Date.now() + WAIT_MS_MAX;
      let found;
      do {
        found = await query(number);
        if (found.trade_state === state) return;
        await pause(200);
      } while (Date.now() < deadline);
      assert.equal(found.trade_state, state);
    };

    test('a code is charged once, and reversed', async () => {
      const code = await shown('success');
      const paid = await charge(1, code);
      assert.equal(paid.result_code, 'SUCCESS', JSON.stringify(paid));
      assert.deepEqual([paid.trade_type, paid.total_fee], ['MICROPAY', '130']);
      assert.equal(paid.sign.length, kind === 'MD5' ? 32 : 64);
      assert.equal((await charge(2, code)).err_code, 'AUTH_CODE_INVALID');
      assert.equal((await charge(1, code)).err_code, 'ORDERPAID');
      assert.equal((await query(1)).trade_state, 'SUCCESS');
      await sandbox('clock', { advance_seconds: 16 });
      const reversal = { ...common, out_trade_no: `${run}-1` };
      const reversed = await fields(v2.secapi.pay.reverse(reversal, { security: true }));
      assert.deepEqual([reversed.result_code, reversed.recall], ['SUCCESS', 'N']);
      assert.equal((await query(1)).trade_state, 'REVOKED');
    });

    test('a part is refunded, told and asked for', async () => {
      const { url, told } = await listener();
      const paid = await charge(7, await shown('success'));
      const part = {
        ...common,
        transaction_id: paid.transaction_id,
        out_refund_no: `${run}-back`,
        total_fee: 130,
        refund_fee: 30,
        refund_desc: 'cold <tea>',
        notify_url: url,
      };
      const refund = (asked) => fields(v2.secapi.pay.refund(asked, { security: true }));
      const refunded = await refund(part);
      assert.equal(refunded.result_code, 'SUCCESS', JSON.stringify(refunded));
      const notice = await told();
      assert.deepEqual(
        [notice.return_code, notice.mch_id, notice.out_refund_no, notice.refund_status, notice.refund_fee],
        ['SUCCESS', mchid, `${run}-back`, 'SUCCESS', '30'],
      );
      assert.equal((await refund(part)).refund_id, refunded.refund_id);
      assert.equal((await refund({ ...part, refund_fee: 31 })).err_code, 'REFUND_FEE_MISMATCH');
      const found = await fields(v2.pay.refundquery({ ...common, refund_id: refunded.refund_id }));
      assert.deepEqual(
        [found.refund_count, found.out_refund_no_0, found.refund_fee_0, found.refund_status_0],
        ['1', `${run}-back`, '30', 'SUCCESS'],
      );
      assert.equal((await query(7)).trade_state, 'REFUND');
      const nothing = { ...common, out_refund_no: `${run}-nothing` };
      assert.equal((await fields(v2.pay.refundquery(nothing))).err_code, 'REFUNDNOTEXIST');
    });

    test('a service provider charges and refunds for its sub-merchant', async () => {
      const { sub_mchid: subMchid, sub_appid: subAppid } = await sandbox('sub-merchants', { mchid });
      const partner = { ...common, sub_mch_id: subMchid, sub_appid: subAppid };
      const code = await shown('success');
      const paid = await fields(v2.pay.micropay({
        ...partner,
        body: 'noodles',
        out_trade_no: `${run}-sub`,
        total_fee: 140,
        spbill_create_ip: '127.0.0.1',
        auth_code: code,
      }));
      assert.deepEqual([paid.result_code, paid.sub_mch_id], ['SUCCESS', subMchid], JSON.stringify(paid));
      assert.ok(paid.sub_openid);
      assert.equal((await query('sub')).err_code, 'ORDERNOTEXIST');
      const back = {
        ...partner,
        out_trade_no: `${run}-sub`,
        out_refund_no: `${run}-subback`,
        total_fee: 140,
        refund_fee: 140,
      };
      const refunded = await fields(v2.secapi.pay.refund(back, { security: true }));
      assert.equal(refunded.result_code, 'SUCCESS', JSON.stringify(refunded));
      const asked = { ...partner, out_trade_no: `${run}-sub` };
      assert.equal((await fields(v2.pay.refundquery(asked))).refund_status_0, 'SUCCESS');
    });

    test('a payer who takes time is asked for', async () => {
      assert.equal((await charge(3, await shown('slow'))).err_code, 'USERPAYING');
      await until(3, 'SUCCESS');
    });

    test('a payer who refuses, or has no money, does not pay', async () => {
      assert.equal((await charge(4, await shown('user_cancels'))).err_code, 'USERPAYING');
      await until(4, 'PAYERROR');
      const poor = await charge(5, await shown('insufficient_balance'));
      assert.equal(poor.err_code, 'NOTENOUGH');
    });

    test('a signature with another key is refused, and a sandbox says what was to be signed', async () => {
      const stranger = new Wechatpay({ ...config, certs, secret: 'x'.repeat(32) });
      const refused = await charge(6, '134567890123456789', stranger.v2);
      assert.equal(refused.return_code, 'FAIL');
      assert.match(refused.return_msg, /^签名错误：.*APIv2 密钥/);
      assert.match(refused.sign_text, /^appid=.*&out_trade_no=.*&key=<hidden>$/);
      assert.match(refused.hint_en, /your APIv2 key is another/);
      assert.match(refused.received_sign, /^[0-9A-F]+$/);
      const secrets = [apiv2Key, 'x'.repeat(32)];
      assert.ok(secrets.every((secret) => !JSON.stringify(refused).includes(secret)));
    });
  });
}
