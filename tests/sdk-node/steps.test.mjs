// Two unmodified SDKs for Node play tests/conformance/steps.json over TLS, with either of the platform's
// keys, and as a merchant that gets no certificates. Run it through tests/conformance/with-sandbox.mjs.

import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import superagent from 'superagent';
import { Multipart, Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import WxPay from 'wechatpay-node-v3';

import { credentials, downloadCertificates, signedByBareKey } from './merchant.mjs';
import { Receiver } from './receiver.mjs';
import { findServer } from './server.mjs';
import { firstNames, perform, sandboxOf, steps } from './steps.mjs';
import { tunnel } from './tunnel.mjs';

const { demo, stop } = await findServer();
after(stop);

/** A merchant without certificates: it need not name the key that is to sign. */
const KEY_ONLY = 'public key only';

const publicKey = async () => ({ [demo.platform.id]: await readFile(demo.platform.file, 'utf8') });

/** What the platform's keys are in each mode, by their ids. */
const platformKeys = {
  certificate: async (config) => downloadCertificates(config, demo.merchant.apiv3_key),
  'public key': publicKey,
  [KEY_ONLY]: publicKey,
};

const clients = {
  'wechatpay-axios-plugin': async (certs, config, mode) => {
    const wxpay = new Wechatpay({ ...config, certs });
    // This SDK leaves it to the caller to say which of the platform's keys is to sign, and which one
    // something is sealed for.
    const [serial] = Object.keys(certs);
    const named = { 'Wechatpay-Serial': serial };
    const usual = mode === KEY_ONLY ? {} : named;
    let headers = usual;
    return {
      async call(method, target, data) {
        try {
          const answer = await wxpay.client.request(target.slice(1), method, data, { headers });
          return { status: answer.status, body: answer.data };
        } catch (error) {
          if (!error.response) throw error;
          return { status: error.response.status, body: error.response.data };
        } finally {
          headers = usual;
        }
      },
      sign: (lines) => Rsa.sign(lines, config.privateKey),
      seal(text) {
        headers = named;
        return Rsa.encrypt(text, certs[serial]);
      },
      async upload(target, name, content) {
        const meta = { filename: name, sha256: createHash('sha256').update(content).digest('hex') };
        const form = new Multipart().append('meta', JSON.stringify(meta)).append('file', content, name);
        const sent = { headers: { ...usual, ...form.getHeaders() } };
        const answer = await wxpay.client.request(target.slice(1), 'POST', form, sent);
        return { status: answer.status, body: answer.data };
      },
      async download(url) {
        const raw = { responseType: 'arraybuffer', transformResponse: [(data) => data] };
        return (await wxpay.client.request(url, 'GET', undefined, raw)).data;
      },
    };
  },
  'wechatpay-node-v3': async (certs) => {
    tunnel();
    const { merchant } = demo;
    const pay = new WxPay({
      appid: merchant.appid,
      mchid: merchant.mchid,
      publicKey: await readFile(merchant.certificate_file),
      privateKey: await readFile(merchant.private_key_file),
      key: merchant.apiv3_key,
    });
    const [[serial, platformKey]] = Object.entries(certs);
    const authorization = (method, target, body) => {
      if (method === 'GET' || body) return pay.buildAuthorization(method, target, body);
      // For other methods without a body the SDK forgets the last line end.
      const [time, nonce] = [String(Math.floor(Date.now() / 1000)), randomBytes(8).toString('hex')];
      const signature = pay.sign([method, target, time, nonce, '', ''].join('\n'));
      return pay.getAuthorization(nonce, time, signature);
    };
    const signed = (method, target, body) => pay.getHeaders(
      authorization(method, target, body), { 'Wechatpay-Serial': serial },
    );
    return {
      async call(method, target, body) {
        const url = `https://api.mch.weixin.qq.com${target}`;
        const headers = signed(method, target, body);
        // The SDK signs any method, and sends these two.
        if (method !== 'GET' && method !== 'POST') {
          const answer = await superagent(method, url).set(headers).send(body)
            .ok(() => true);
          return { status: answer.status, body: answer.body };
        }
        const answer = method === 'GET'
          ? await pay.httpService.get(url, headers)
          : await pay.httpService.post(url, body, headers);
        return { status: answer.status, body: answer.data ?? JSON.parse(answer.error) };
      },
      sign: (lines) => pay.sign(lines),
      seal: (text) => pay.publicEncrypt(text, platformKey),
      // The SDK's own way sends what is not a form; so it signs, and its client sends the form.
      async upload(target, name, content) {
        const meta = { filename: name, sha256: createHash('sha256').update(content).digest('hex') };
        const { 'Content-Type': _, ...headers } = signed('POST', target, meta);
        const answer = await superagent.post(`https://api.mch.weixin.qq.com${target}`).set(headers)
          .field('meta', JSON.stringify(meta)).attach('file', content, name);
        return { status: answer.status, body: answer.body };
      },
      download: async (url) => (await pay.downloadBill(url)).data,
    };
  },
};

for (const [name, client] of Object.entries(clients)) {
  for (const mode of Object.keys(platformKeys)) {
    describe(`${name} in ${mode} mode`, () => {
      const sandbox = sandboxOf(demo);
      const haveKeyOnly = async (config, isOnly) => {
        const { mchid } = demo.merchant;
        await sandbox('public-key-only', { mchid, public_key_only: isOnly });
        await signedByBareKey(config, isOnly);
      };
      let receiver;
      let names;
      let sdk;

      before(async () => {
        const config = { ...await credentials(demo), baseURL: demo.merchant_tls_api };
        await haveKeyOnly(config, mode === KEY_ONLY);
        const certs = await platformKeys[mode](config);
        receiver = await Receiver.start({ certs, apiv3Key: demo.merchant.apiv3_key });
        const { mchid } = demo.merchant;
        // Who gets no certificates is told by the other key, even when a certificate was chosen.
        const key = mode === 'public key' ? 'public_key' : 'certificate';
        await sandbox('notification-keys', { mchid, key });
        names = await firstNames(demo, sandbox, receiver.url);
        sdk = await client(certs, config, mode);
      });
      after(async () => {
        receiver?.stop();
        const config = { ...await credentials(demo), baseURL: demo.merchant_tls_api };
        await haveKeyOnly(config, false);
      });

      for (const step of steps.filter((one) => (one.mode ?? mode) === mode)) {
        test(step.name, () => perform(step, { ...sdk, receiver }, sandbox, names));
      }
    });
  }
}
