"""Drives a Jiaozi sandbox with the unmodified wechatpayv3, plain and async. The SDK keeps its
built-in host: HTTPS_PROXY leads it to the sandbox, the usual variables have it trust it."""

import asyncio
import base64
import hashlib
import inspect
import json
import os
import secrets
import sys
import tempfile
import time
import unittest

from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.async_ import AsyncWeChatPay, WeChatPayType as AsyncType
from wechatpayv3.async_.type import RequestType as AsyncRequest
from wechatpayv3.type import RequestType

from sandbox import Receiver, Sandbox, read

STEPS = os.path.join(os.path.dirname(__file__), '..', 'conformance', 'steps.json')


# The SDK's own functions that upload files, by their paths.
UPLOADS = {
    '/v3/merchant/media/upload': 'image_upload',
    '/v3/merchant/media/video_upload': 'video_upload',
    '/v3/marketing/favor/media/image-upload': 'marketing_image_upload',
    '/v3/merchant-service/images/upload': 'complaint_image_upload',
}


class Differs(Exception):
    pass


async def settled(answer):
    """What the plain client gives at once and the async one later, sometimes in two steps."""
    while inspect.isawaitable(answer):
        answer = await answer
    return answer


def fill(value, names):
    """Replaces {name} in all texts of a value of JSON."""
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace('{' + name + '}', str(text))
        return value
    if isinstance(value, dict):
        return {key: fill(part, names) for key, part in value.items()}
    return [fill(part, names) for part in value] if isinstance(value, list) else value


def at(value, pointer):
    for name in pointer.split('/')[1:]:
        if isinstance(value, list):
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def check(value, expected, names):
    for pointer, wanted in expected.items():
        found, wanted = at(value, pointer), fill(wanted, names)
        if found != wanted:
            raise Differs(f'{pointer} is {found!r}, expected {wanted!r} in {value}')


def keep(step, answer, names):
    for name, pointer in step.get('save', {}).items():
        names[name] = at(answer, pointer)


class Merchant:
    """One client of the SDK, plain or async, and its receiver."""

    def __init__(self, sandbox, receiver, client, request_type):
        self.sandbox, self.receiver, self.client = sandbox, receiver, client
        self.request_type = request_type

    async def call(self, call, body, sealed=False):
        method, target = call.split(' ', 1)
        # By itself the SDK signs an empty object as if there were no body.
        signed = '{}' if body == {} else None
        answer = self.client._core.request(
            target, method=self.request_type[method], data=body, sign_data=signed,
            cipher_data=sealed)
        status, text = await settled(answer)
        return status, json.loads(text) if text else None

    async def upload(self, path, file):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, file['name'])
            with open(name, 'wb') as written:
                written.write(base64.b64decode(file['base64']))
            return await settled(getattr(self.client, UPLOADS[path])(name))

    async def sheet(self, caller, prepay_id):
        """What a page or an app hands the wallet, signed by the SDK."""
        merchant, package = self.sandbox.merchant, f'prepay_id={prepay_id}'
        at, nonce = str(int(time.time())), secrets.token_hex(16)
        lines = [merchant['appid'], at, nonce, package if caller == 'page' else prepay_id]
        signature = await settled(self.client.sign(lines))
        if caller == 'page':
            return {'appId': merchant['appid'], 'timeStamp': at, 'nonceStr': nonce,
                    'package': package, 'signType': 'RSA', 'paySign': signature}
        return {'appid': merchant['appid'], 'partnerid': merchant['mchid'], 'prepayid': prepay_id,
                'package': 'Sign=WXPay', 'noncestr': nonce, 'timestamp': at, 'sign': signature}

    async def notified(self, event, expected, names):
        while True:
            headers, body = await asyncio.to_thread(self.receiver.take)
            read = self.client.callback(headers, body)
            read = await settled(read)
            assert read, f'the SDK refuses a notification: {headers} {body}'
            try:
                check(read['resource'], expected, names)
            except Differs:
                continue
            if read['event_type'] == event:
                return headers['Wechatpay-Serial']

    async def do(self, step, names):
        if 'pay' in step:
            order = fill(step['pay'], names)
            sheet = {'sheet': await self.sheet(step['sheet'], order)} if 'sheet' in step else None
            await asyncio.to_thread(self.sandbox.pay, sheet or {'order': order})
        elif 'code' in step:
            shown = await asyncio.to_thread(self.sandbox.play, 'codes', {'outcome': step['code']})
            keep(step, shown, names)
        elif 'advance' in step:
            keep(step, self.sandbox.play('clock', {'advance_seconds': step['advance']}), names)
        elif 'operate' in step:
            typed = [fill(argument, names) for argument in step['operate']]
            keep(step, await asyncio.to_thread(self.sandbox.operate, typed), names)
        elif 'pause' in step:
            await asyncio.sleep(step['pause'])
        elif 'trust' in step:
            pass  # The SDK fetches certificates when it meets a key that it does not know.
        elif 'download' in step:
            answer = self.client.download_bill(fill(step['download'], names))
            status, text = await settled(answer)
            found = hashlib.sha1(text).hexdigest()
            if found != fill(step['sha1'], names):
                raise Differs(f'{status}, a file with SHA-1 {found}')
        elif 'complain' in step:
            told = self.sandbox.play('complaints', {
                'transaction_id': fill(step['complain'], names), 'apply_refund': step['refund'],
            })
            keep(step, told, names)
        elif 'upload' in step:
            status, text = await self.upload(step['upload'], step['file'])
            if status != 200:
                raise Differs(f'{status} {text}')
            keep(step, json.loads(text), names)
        elif 'notified' in step:
            signer = await self.notified(step['notified'], step.get('expect', {}), names)
            # Of answers the SDK tells only what they say.
            if signer != fill(step.get('signed', signer), names):
                raise Differs(f'signed with {signer}')
        else:
            for name, text in step.get('seal', {}).items():
                names[name] = self.client._core.encrypt(fill(text, names))
            call, body = fill(step['call'], names), fill(step.get('body'), names)
            status, answer = await self.call(call, body, 'seal' in step)
            for _ in range(100):
                try:
                    check(answer, step.get('until', {}), names)
                    break
                except Differs:
                    await asyncio.sleep(0.1)
                    status, answer = await self.call(call, body, 'seal' in step)
            check(answer, step.get('until', {}), names)
            if status != step.get('status', 200):
                raise Differs(f'{call}: {status} {answer}')
            check(answer, step.get('expect', {}), names)
            keep(step, answer, names)


async def play(test, mode, merchant):
    mchid = merchant.sandbox.merchant['mchid']
    merchant.sandbox.play('notification-keys', {'mchid': mchid, 'key': mode.replace(' ', '_')})
    names = {
        'run': f'py{secrets.token_hex(6)}',
        'mchid': mchid,
        'appid': merchant.sandbox.merchant['appid'],
        'notify_url': merchant.receiver.url,
        'openid': merchant.sandbox.openid(),
        **merchant.sandbox.play('sub-merchants', {'mchid': mchid}),
    }
    for step in json.loads(read(STEPS))['steps']:
        if step.get('mode', mode) != mode or 'python' not in step.get('suites', ['python']):
            continue
        with test.subTest(step['name']):
            try:
                await merchant.do(step, names)
            except Differs as differs:
                raise AssertionError(f"{step['name']}: {differs}") from differs


class Steps(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.sandbox, self.receiver = Sandbox(), Receiver()
        self.addCleanup(self.receiver.close)

    async def asyncSetUp(self):
        # The plain client waits inside the loop; in its debug mode the loop would report that.
        asyncio.get_running_loop().set_debug(False)

    async def plain(self, mode):
        client = WeChatPay(wechatpay_type=WeChatPayType.NATIVE, **self.sandbox.parameters(mode))
        await play(self, mode, Merchant(self.sandbox, self.receiver, client, RequestType))

    async def asynchronous(self, mode):
        parameters = self.sandbox.parameters(mode)
        async with AsyncWeChatPay(wechatpay_type=AsyncType.NATIVE, **parameters) as client:
            await play(self, mode, Merchant(self.sandbox, self.receiver, client, AsyncRequest))

    async def test_plain_in_certificate_mode(self):
        await self.plain('certificate')

    async def test_plain_in_public_key_mode(self):
        await self.plain('public key')

    async def test_async_in_certificate_mode(self):
        await self.asynchronous('certificate')

    async def test_async_in_public_key_mode(self):
        await self.asynchronous('public key')


if __name__ == '__main__':
    ended = unittest.main(exit=False).result
    failed = len(ended.failures) + len(ended.errors)
    # As the other suites say it, for the count at the end of a whole run.
    print(f'ℹ pass {ended.testsRun - failed}\nℹ fail {failed}')
    sys.exit(failed > 0)
