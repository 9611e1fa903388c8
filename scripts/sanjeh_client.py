# SPDX-License-Identifier: Apache-2.0
"""A small client of the API for demo, tests and benchmarks: TLS with our CA, two-factor sign-in, JSON. Standard library only."""

import base64
import hashlib
import hmac
import http.client
import json
import ssl
import struct
import time


def totp(secret, step):
    """RFC 6238, SHA-1, 6 digits, for a given 30 s step."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def this_step():
    return int(time.time()) // 30


class CodeBook:
    """Codes of one secret, each given out once. It starts with the step before the present one (which the server still
    accepts), so that a person who signs in right after us is not refused for this step; but not when the present step
    is about to end, because a code of two steps ago is refused."""

    TIME_TO_ARRIVE_S = 5

    def __init__(self, secret):
        self.secret = secret
        self.last_step = 0

    def next_code(self):
        while True:
            now = time.time()
            present = int(now // 30)
            for step in (present - 1, present) if 30 - now % 30 > self.TIME_TO_ARRIVE_S else (present,):
                if step > self.last_step:
                    self.last_step = step
                    return totp(self.secret, step)
            time.sleep(30 - time.time() % 30 + 0.05)


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # list of (name, value)
        self.body = body

    def header(self, name):
        """The header's value, None when absent; a header that came twice is an error."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


IDLE_S = 10  # a kept connection that rested longer is not used again


class Client:
    """One server, optionally one session. Keeps its connection."""

    def __init__(self, port, ca_file, token=None, timeout=60, host="localhost"):
        self.port = port
        self.host = host
        self.ca_file = str(ca_file)
        self.context = ssl.create_default_context(cafile=self.ca_file)
        self.token = token
        self.timeout = timeout
        self.connection = None
        self.used_at = 0.0

    def with_token(self, token):
        return Client(self.port, self.ca_file, token, self.timeout, self.host)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _send(self, method, path, body, headers):
        if time.monotonic() - self.used_at > IDLE_S:
            self.close()  # before the server does: what is not GET cannot be sent twice
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.host, self.port, context=self.context, timeout=self.timeout)
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        response = Response(answer.status, answer.getheaders(), answer.read())
        self.used_at = time.monotonic()
        if answer.will_close:
            self.close()
        return response

    def request(self, method, path, body=None, headers=None, json_body=None, token=...):
        headers = dict(headers or {})
        if json_body is not None:
            body = json.dumps(json_body, ensure_ascii=False).encode()
            headers.setdefault("Content-Type", "application/json")
        token = self.token if token is ... else token
        if token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {token}"
        if isinstance(body, str):
            body = body.encode()
        fresh = self.connection is None
        try:
            return self._send(method, path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            self.close()
            if fresh or method not in ("GET", "HEAD", "OPTIONS"):
                raise
            return self._send(method, path, body, headers)  # a kept connection that the server had closed

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def post(self, path, json_body=None, **kw):
        return self.request("POST", path, json_body=json_body, **kw)

    def patch(self, path, json_body=None, **kw):
        return self.request("PATCH", path, json_body=json_body, **kw)

    def delete(self, path, **kw):
        return self.request("DELETE", path, **kw)

    def items(self, path):
        """All items of a list, page by page."""
        found, cursor = [], None
        separator = "&" if "?" in path else "?"
        while True:
            page = self.get(f"{path}{separator}limit=500" + (f"&cursor={cursor}" if cursor else ""))
            if page.status != 200:
                raise RuntimeError(f"GET {path}: {page!r}")
            document = page.json()
            found += document["items"]
            cursor = document["next"]
            if cursor is None:
                return found

    def sign_in(self, username, password, codes):
        """Both factors; returns the answer of the last step that was tried. codes: CodeBook or a code."""
        first = self.post("/api/v1/login", {"username": username, "password": password}, token=None)
        if first.status != 200:
            return first
        code = codes if isinstance(codes, str) else codes.next_code()
        return self.post("/api/v1/login/second-factor",
                         {"challenge": first.json()["challenge"], "method": "totp", "code": code}, token=None)
