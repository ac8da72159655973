// The merchant's side: the unmodified SDK with our base URL, and its certificate download.

import { readFile } from 'node:fs/promises';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin';

/** The key and numbers that the demo file holds, as the SDK wants them. */
export async function credentials({ merchant_api: baseURL, merchant }) {
  return {
    baseURL,
    mchid: merchant.mchid,
    serial: merchant.serial_no,
    privateKey: await readFile(merchant.private_key_file),
  };
}

/**
 * Downloads the platform certificates the way the SDK's own tool does: decrypt them with the
 * APIv3 key before the response is verified, so that they verify the response they came in.
 */
export async function downloadCertificates(config, apiv3Key) {
  const certs = { any: undefined };
  const wxpay = new Wechatpay({ ...config, certs });
  const keep = (text) => {
    for (const { serial_no: serial, encrypt_certificate: sealed } of JSON.parse(text).data ?? []) {
      certs[serial] = Aes.AesGcm.decrypt(
        sealed.ciphertext, apiv3Key, sealed.nonce, sealed.associated_data,
      );
    }
    return text;
  };
  // The SDK verifies with the map it copied, so the first call only fetches and decrypts.
  const raw = await wxpay.v3.certificates.get({ transformResponse: [keep] });
  const { any, ...found } = certs;
  assertSigned(raw, found);
  return found;
}

/** Waits until answers that no key is named for are signed by the bare key, or by a certificate. */
export async function signedByBareKey(config, isBare) {
  // An agent of its own: that of all others may lead to the proxy.
  const httpsAgent = new https.Agent();
  const wxpay = new Wechatpay({ ...config, certs: { any: undefined }, httpsAgent });
  for (let tries = 0; tries < 100; tries += 1) {
    const asked = wxpay.v3.certificates.get({ transformResponse: [(text) => text] });
    const { headers } = await asked.catch((error) => error.response);
    if (headers['wechatpay-serial'].startsWith('PUB_KEY_ID_') === isBare) return;
    await pause(100);
  }
  throw new Error('the merchant has not changed its keys');
}

/** Throws unless `response`, whose data is the raw text, carries a valid signature. */
export function assertSigned({ headers, data }, certs) {
  const serial = headers['wechatpay-serial'];
  const message = Formatter.response(
    headers['wechatpay-timestamp'], headers['wechatpay-nonce'], data,
  );
  if (!certs[serial]) throw new Error(`response is signed with the unknown serial ${serial}`);
  if (!Rsa.verify(message, headers['wechatpay-signature'], certs[serial])) {
    throw new Error('response has a wrong signature');
  }
}

/** Runs a call that must be refused; returns its status and body. The refusal must be signed. */
export async function refusal(certs, call) {
  const raw = (text) => text;
  let answer;
  try {
    answer = await call({ transformResponse: [raw] });
  } catch (error) {
    if (!error.response) throw error;
    assertSigned(error.response, certs);
    return { status: error.response.status, body: JSON.parse(error.response.data) };
  }
  throw new Error(`expected a refusal, got ${answer.status} ${answer.data}`);
}
