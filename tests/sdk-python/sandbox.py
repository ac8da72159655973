"""A merchant's server for the tests: the SDK's keys from the demo file, a receiver of
notifications, and what the sandbox itself is asked for."""

import json
import os
import queue
import subprocess
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_S = 15


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


class Sandbox:
    """A running sandbox, as the file of `jiaozi serve --demo-file` describes it."""

    def __init__(self):
        demo = json.loads(read(os.environ['JIAOZI_DEMO']))
        self.api = demo['consumer_api']
        self.merchant = demo['merchant']
        self.platform = demo['platform']

    def parameters(self, mode):
        """What the SDK's constructor wants."""
        public_key = {
            'public_key': read(self.platform['file']),
            'public_key_id': self.platform['id'],
        }
        return {
            'mchid': self.merchant['mchid'],
            'appid': self.merchant['appid'],
            'private_key': read(self.merchant['private_key_file']),
            'cert_serial_no': self.merchant['serial_no'],
            'apiv3_key': self.merchant['apiv3_key'],
            'notify_url': 'http://127.0.0.1/not-used',
            **(public_key if mode == 'public key' else {}),
        }

    def play(self, what, body):
        """Asks the sandbox itself: to pay an order, for an openid or a sub-merchant, to move time."""
        request = urllib.request.Request(
            f'{self.api}/sandbox/v1/{what}',
            data=json.dumps(body).encode(),
            headers={'Content-Type': 'application/json'},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def operate(self, typed):
        """Does what an operator types after `jiaozi`."""
        command = [os.environ['JIAOZI_BIN'], *typed, '--data', os.environ['JIAOZI_DATA']]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    def pay(self, asked):
        told = self.play('payments', asked)
        assert told['is_paid'], told

    def openid(self):
        asked = {'mchid': self.merchant['mchid'], 'appid': self.merchant['appid']}
        return self.play('openids', asked)['openid']


class Receiver:
    """Keeps what a merchant's notification endpoint gets, as (headers, body)."""

    def __init__(self):
        self.received = received = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers['Content-Length'])
                received.put((dict(self.headers), self.rfile.read(length).decode()))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server.server_port}/notify'

    def take(self):
        return self.received.get(timeout=PATIENCE_S)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
