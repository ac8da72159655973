// Leads SDKs with a fixed host to the proxy that HTTPS_PROXY names, which Node 20 does not do by
// itself: `tunnel()` once, before the first request.

import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';

class Tunnel extends https.Agent {
  createConnection(options, ready) {
    const asked = http.request(process.env.HTTPS_PROXY, {
      method: 'CONNECT',
      path: `${options.host}:${options.port}`,
    });
    asked.once('error', ready);
    asked.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) {
        ready(null, tls.connect({ ...options, socket, servername: options.host }));
      } else {
        socket.destroy();
        ready(new Error(`the proxy answers ${statusCode}`));
      }
    });
    asked.end();
  }
}

export function tunnel() {
  https.globalAgent = new Tunnel({ keepAlive: true });
}
