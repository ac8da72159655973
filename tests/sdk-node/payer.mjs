// The payer's side: our consumer API and the sandbox's clock. No SDK exists for these.

import { randomUUID } from 'node:crypto';

export class Payer {
  constructor({ consumer_api: api, payer }) {
    this.api = api;
    this.payer = payer;
  }

  /** What the wallet shows for a scanned code: `{order_ref, merchant_name, amount, ..}`. */
  async resolve(code) {
    return this.#post('/v1/codes/resolve', { code });
  }

  /** Pays a resolved order from the balance: the amount that was shown, or nothing. */
  async pay({ order_ref: orderRef, amount }) {
    return this.#post('/v1/orders/pay', {
      order_ref: orderRef,
      amount,
      payment_password: this.payer.payment_password,
    });
  }

  /** Moves the sandbox's business time forward and returns it. Signatures keep real time. */
  async moveClock(seconds) {
    const answer = await this.#post('/sandbox/v1/clock', { advance_seconds: seconds });
    return new Date(answer.now);
  }

  async #post(path, body) {
    const response = await fetch(new URL(path, this.api), {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${this.payer.token}`,
        'Content-Type': 'application/json',
        'Idempotency-Key': randomUUID(),
        'Accept-Language': 'en',
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }
}
