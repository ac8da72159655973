// A merchant's notification endpoint that verifies and decrypts with the SDK.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';

const WAIT_MS_MAX = 15_000;

export class Receiver {
  #received = [];
  #waiting = new Set();
  #failures = 0;

  /** Listens on a free port. `certs` maps serial numbers to platform certificates. */
  static async start({ certs, apiv3Key }) {
    const receiver = new Receiver();
    receiver.certs = certs;
    receiver.apiv3Key = apiv3Key;
    receiver.server = createServer((request, response) => receiver.#handle(request, response));
    receiver.server.listen(0, '127.0.0.1');
    await once(receiver.server, 'listening');
    return receiver;
  }

  /** The `notify_url` to put into orders and refunds. */
  get url() {
    return `http://127.0.0.1:${this.server.address().port}/notify`;
  }

  /** Answers the next notification with 500, as a merchant in trouble does. */
  failOnce() {
    this.#failures += 1;
  }

  /** The first notification, already here or still to come, that `wanted` says yes to. */
  async take(wanted, waitMs = WAIT_MS_MAX) {
    const here = this.#received.findIndex(wanted);
    if (here >= 0) return this.#received.splice(here, 1)[0];
    return new Promise((resolve, reject) => {
      const waiter = { wanted, resolve };
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        reject(new Error(`no such notification within ${waitMs} ms`));
      }, waitMs);
      waiter.resolve = (found) => { clearTimeout(timer); resolve(found); };
      this.#waiting.add(waiter);
    });
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async #handle(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const notification = this.#read(request, body);
    notification.refused = this.#failures > 0;
    if (notification.refused) {
      this.#failures -= 1;
      response.writeHead(500, { 'Content-Type': 'application/json' });
      response.end('{"code":"FAIL","message":"try again"}');
    } else {
      response.writeHead(204).end();
    }
    const waiter = [...this.#waiting].find(({ wanted }) => wanted(notification));
    if (waiter) {
      this.#waiting.delete(waiter);
      waiter.resolve(notification);
    } else {
      this.#received.push(notification);
    }
  }

  /** What a merchant reads, with what went wrong in `problem` for the test to assert on. */
  #read(request, body) {
    const { headers, method } = request;
    const header = (name) => headers[`wechatpay-${name}`];
    const notification = { method, headers, problem: undefined };
    try {
      const certificate = this.certs[header('serial')];
      const message = Formatter.response(header('timestamp'), header('nonce'), body);
      const age = Math.abs(Formatter.timestamp() - Number(header('timestamp')));
      if (!certificate) notification.problem = `unknown serial ${header('serial')}`;
      else if (!Rsa.verify(message, header('signature'), certificate)) {
        notification.problem = 'wrong signature';
      } else if (!(age <= 300)) notification.problem = `${age} seconds old`;
      notification.envelope = JSON.parse(body);
      const { ciphertext, nonce, associated_data: aad } = notification.envelope.resource;
      notification.resource = JSON.parse(
        Aes.AesGcm.decrypt(ciphertext, this.apiv3Key, nonce, aad),
      );
    } catch (error) {
      notification.problem ??= error.message;
    }
    return notification;
  }
}
