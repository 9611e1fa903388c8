# SPDX-License-Identifier: Apache-2.0
"""Which ambiguous or hostile HTTP does the server let through?

Against any server:   SANJEH_URL=https://localhost:8443 SANJEH_CA=ca.pem python3 test_http_abuse.py
                      (SANJEH_GET, SANJEH_POST: a GET route that answers without a session and a POST route
                      with a JSON body; default /healthz and /api/v1/login)
Against its own:      SANJEH_HTTP_SERVER=…/http_test_server python3 test_http_abuse.py
"""

import http.client
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.parse

import http_client
from http_client import Raw, statuses

URL = os.environ.get("SANJEH_URL")
CA = os.environ.get("SANJEH_CA")
GET = os.environ.get("SANJEH_GET", "/healthz" if URL else "/static").encode()
POST = os.environ.get("SANJEH_POST", "/api/v1/login" if URL else "/body").encode()
HOST = b"Host: localhost\r\n"
SMUGGLED = b"GET " + GET + b" HTTP/1.1\r\n" + HOST + b"\r\n"


def get(target=GET, headers=HOST, version=b"HTTP/1.1", method=b"GET"):
    return method + b" " + target + b" " + version + b"\r\n" + headers + b"\r\n"


def post(headers, body=b"", target=POST):
    return (b"POST " + target + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n" +
            headers + b"\r\n" + body)


def twice(name, first=b"a", second=b"b"):
    return get(headers=HOST + name + b": " + first + b"\r\n" + name + b": " + second + b"\r\n")


# name: (bytes, accepted statuses). Each must be answered once and the connection closed.
HOSTILE = {
    "cl_and_te": (post(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                       b"0\r\n\r\n" + SMUGGLED), {411}),
    "te_and_cl": (post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                       b"0\r\n\r\n" + SMUGGLED), {411}),
    "te_chunked": (post(b"Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"), {411}),
    "te_gzip_chunked": (post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), {411}),
    "te_identity": (post(b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n", b"{}"), {411}),
    "te_unknown": (post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"), {411}),
    "te_on_get": (get(headers=HOST + b"Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n", {411}),
    "te_space_before_colon": (post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + SMUGGLED), {400}),
    "te_after_bare_lf": (post(b"X: y\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), {400, 411}),
    "two_equal_lengths": (post(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"), {400}),
    "two_different_lengths": (post(b"Content-Length: 2\r\nContent-Length: 40\r\n", b"{}" + SMUGGLED), {400}),
    "length_plus": (post(b"Content-Length: +2\r\n", b"{}"), {400}),
    "length_minus": (post(b"Content-Length: -1\r\n", b"{}"), {400}),
    "length_hex": (post(b"Content-Length: 0x2\r\n", b"{}"), {400}),
    "length_list": (post(b"Content-Length: 2, 2\r\n", b"{}"), {400}),
    "length_overflow": (post(b"Content-Length: 99999999999999999999\r\n", b"{}"), {400, 413}),
    "length_empty": (post(b"Content-Length:\r\n", b"{}"), {400}),
    "bare_lf_everywhere": (get().replace(b"\r\n", b"\n"), {400}),
    "bare_lf_once": (get(headers=HOST + b"X: y\nZ: z\r\n"), {400}),
    "bare_lf_at_the_end": (b"GET " + GET + b" HTTP/1.1\r\nHost: localhost\r\n\n", {400}),
    "bare_cr_in_value": (get(headers=HOST + b"X: a\rb\r\n"), {400}),
    "nul_in_value": (get(headers=HOST + b"X: a\0b\r\n"), {400}),
    "nul_ends_last_value": (get(headers=HOST + b"X: a\0\0\0\0b\r\n"), {400}),
    "nul_in_name": (get(headers=HOST + b"X\0Y: a\r\n"), {400}),
    "nul_hides_a_header": (get(headers=HOST + b"X: a\0\0Cookie: b\r\n"), {400}),
    "nul_in_target": (get(GET + b"\0x"), {400}),
    "nul_hides_a_version": (get(GET + b"\0HTTP/1.1"), {400}),
    "nul_in_method": (get(method=b"GET\0X"), {400}),
    "encoded_nul": (get(GET + b"%00"), {400}),
    "encoded_control": (get(GET + b"%0a"), {400}),
    "encoded_nul_in_query": (get(GET + b"?a=%00"), {400}),
    "dot_segments": (get(b"/a/.." + GET), {400}),
    "dot_segments_encoded": (get(b"/a/%2e%2e%2f" + GET), {400}),
    "dot_segments_half_encoded": (get(b"/a/.%2E" + GET), {400}),
    "dot_segments_with_parameter": (get(b"/a/..;x" + GET), {400}),
    "single_dot": (get(b"/." + GET), {400}),
    "double_slash": (get(b"/" + GET), {400}),
    "inner_double_slash": (get(b"/a//b"), {400}),
    "backslash": (get(b"/a\\b"), {400}),
    "backslash_encoded": (get(b"/a%5Cb"), {400}),
    "slash_encoded": (get(b"/a%2Fb"), {400}),
    "percent_broken": (get(b"/a%zz"), {400}),
    "percent_cut": (get(b"/a%2"), {400}),
    "percent_in_query_broken": (get(GET + b"?q=%g1"), {400}),
    "utf8_broken": (get(b"/a%ff"), {400}),
    "utf8_overlong_dot": (get(b"/%c0%ae%c0%ae/a"), {400}),
    "utf8_surrogate": (get(b"/%ed%a0%80"), {400}),
    "utf8_half_encoded": (get(b"/\xd8%b3"), {400}),
    "utf8_broken_in_header": (get(headers=HOST + b"X: \xff\r\n"), {400}),
    "fragment": (get(GET + b"#a"), {400}),
    "space_in_target": (get(GET + b" x"), {400}),
    "tab_in_target": (get(GET + b"\tx"), {400}),
    "two_spaces": (b"GET  " + GET + b" HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "absolute_target": (get(b"https://localhost" + GET), {400}),
    "authority_target": (get(b"localhost:443", method=b"CONNECT"), {400}),
    "asterisk_target": (get(b"*", method=b"OPTIONS"), {400}),
    "no_host": (get(headers=b"X: y\r\n"), {400}),
    "no_headers": (get(headers=b""), {400}),
    "two_hosts": (get(headers=HOST + HOST), {400}),
    "host_list": (get(headers=b"Host: localhost, evil\r\n"), {400}),
    "host_with_path": (get(headers=b"Host: localhost/x\r\n"), {400}),
    "host_empty": (get(headers=b"Host:\r\n"), {400}),
    "folded_header": (get(headers=HOST + b"X: a\r\n b\r\n"), {400}),
    "folded_first_header": (get(headers=b" X: a\r\n" + HOST), {400}),
    "space_in_name": (get(headers=HOST + b"X Y: a\r\n"), {400}),
    "no_name": (get(headers=HOST + b": a\r\n"), {400}),
    "no_colon": (get(headers=HOST + b"XY\r\n"), {400}),
    "control_in_value": (get(headers=HOST + b"X: a\x01b\r\n"), {400}),
    "http_1_0": (get(version=b"HTTP/1.0"), {400, 505}),
    "http_1_2": (get(version=b"HTTP/1.2"), {400, 505}),
    "http_2_preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
    "no_version": (b"GET " + GET + b"\r\n" + HOST + b"\r\n", {400, 505}),
    "body_on_get": (get(headers=HOST + b"Content-Length: 2\r\n") + b"{}", {400}),
    "body_on_head": (get(method=b"HEAD", headers=HOST + b"Content-Length: 2\r\n") + b"{}", {400}),
    "upgrade_websocket": (get(headers=HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"), {400}),
    "upgrade_h2c": (get(headers=HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                                       b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n"), {400}),
    "expect_unknown": (post(b"Content-Length: 2\r\nExpect: 200-ok\r\n", b"{}"), {400}),
    "two_authorizations": (twice(b"Authorization", b"Bearer a", b"Bearer b"), {400}),
    "two_cookies": (twice(b"Cookie", b"a=b", b"c=d"), {400}),
    "two_csrf_tokens": (twice(b"X-CSRF-Token"), {400}),
    "two_if_match": (twice(b"If-Match", b'"1"', b'"2"'), {400}),
    "two_idempotency_keys": (twice(b"Idempotency-Key"), {400}),
    "two_origins": (twice(b"Origin", b"https://a", b"https://b"), {400}),
    "two_content_types": (post(b"Content-Type: text/plain\r\nContent-Length: 2\r\n", b"{}"), {400}),
    "header_pool": (get(headers=HOST + b"X: " + b"a" * 40000 + b"\r\n"), {431, 413}),
    "long_target": (get(b"/" + b"a" * 40000), {414, 431}),
    "too_many_headers": (get(headers=HOST + b"".join(b"X%d: a\r\n" % i for i in range(80))), {400, 431}),
    "too_many_query_members": (get(GET + b"?" + b"&".join(b"a%d=1" % i for i in range(40))), {400}),
}

# libmicrohttpd 0.9.75 refuses these before any handler call, and writes the head of its answer twice.
TWICE = {"length_plus", "length_minus", "length_hex", "length_list", "length_overflow", "length_empty"}

# Unusual but unambiguous: answered, connection kept.
HONEST = {
    "trace": (get(method=b"TRACE"), {405, 404}),
    "unknown_method": (get(method=b"BREW"), {405, 404}),
    "lower_case_method": (get(method=b"get"), {405, 404}),
    "raw_utf8_in_query": (get(GET + b"?q=\xd8\xb3"), {200, 400}),
    "options": (get(method=b"OPTIONS"), {200, 204, 405}),
    "head": (get(method=b"HEAD"), {200}),
    "unknown_path": (get(b"/no/such/path"), {401, 404}),
    "value_with_tab": (get(headers=HOST + b"X: a\tb\r\n"), {200}),
    "two_accepts": (twice(b"Accept", b"text/html", b"*/*"), {200}),
}


class Server:
    """A test server of its own, when no URL was given."""

    def __init__(self, *options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sanjeh-http-"))
        self.cert, self.key, ca = http_client.make_certificate(self.folder)
        self.ca = str(ca)
        self.process = subprocess.Popen(
            [os.environ["SANJEH_HTTP_SERVER"], "--cert", str(self.cert), "--key", str(self.key), *options],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.url = f"https://localhost:{self.port}"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.process.stdout.close()
        shutil.rmtree(self.folder)
        if code != 0:
            raise AssertionError(f"the server ended with {code}")


class HttpAbuse(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = None if URL else Server("--loops", "2")
        cls.url = URL or cls.server.url
        cls.ca = CA if URL else cls.server.ca

    @classmethod
    def tearDownClass(cls):
        if cls.server:
            cls.server.stop()

    def connect(self, **options):
        return Raw(self.url, self.ca, **options)

    def test_hostile_requests_are_refused_once_and_the_connection_closes(self):
        for name, (data, expected) in HOSTILE.items():
            with self.subTest(name), self.connect(timeout=5) as raw:
                try:
                    raw.send(data)
                except OSError:
                    pass  # closed while we sent: the answer is still to be read
                answer, is_closed = raw.read_until_close()
                self.assertTrue(is_closed, "connection stays open")
                codes = statuses(answer)
                if name in ("no_version", "http_2_preface") and not codes:
                    continue  # no HTTP/1.1 was spoken: closing without a word is an answer
                self.assertEqual(len(codes), 2 if name in TWICE and len(codes) == 2 else 1, answer[:300])
                self.assertLessEqual(set(codes), expected, answer[:300])

    def test_unusual_but_clear_requests_keep_the_connection(self):
        for name, (data, expected) in HONEST.items():
            with self.subTest(name), self.connect() as raw:
                raw.send(data)
                if name == "head":
                    self.assertIn(raw.sock.recv(65536)[9:12], (b"200",))
                else:
                    self.assertIn(raw.read_one()[0], expected)
                raw.send(get())
                self.assertEqual(raw.read_one()[0], 200)

    def test_not_allowed_method_names_the_allowed_ones(self):
        with self.connect() as raw:
            raw.send(get(method=b"PATCH"))
            status, headers, _ = raw.read_one()
            self.assertEqual(status, 405)
            self.assertIn("GET", headers["allow"])
            self.assertIn("HEAD", headers["allow"])

    def test_pipelined_requests_are_answered_in_order(self):
        with self.connect() as raw:
            raw.send(get() + get(b"/no/such/path") + get())
            codes = []
            data = b""
            while len(codes) < 3:
                data += raw.sock.recv(65536)
                codes = statuses(data)
            self.assertEqual([codes[0], codes[2]], [200, 200])
            self.assertIn(codes[1], (401, 404))

    def test_every_answer_carries_the_security_headers(self):
        with self.connect() as raw:
            raw.send(get())
            _, headers, _ = raw.read_one()
            self.assertEqual(headers["strict-transport-security"], "max-age=31536000; includeSubDomains")
            self.assertEqual(headers["x-content-type-options"], "nosniff")
            self.assertEqual(headers["cache-control"], "no-store")
            self.assertIn("default-src 'none'", headers["content-security-policy"])
            self.assertEqual(headers["referrer-policy"], "no-referrer")
            self.assertEqual(len(headers["x-request-id"]), 36)
            self.assertNotIn("server", headers)

    def test_a_body_beyond_the_limit_is_answered_413_to_an_ordinary_client(self):
        parts = urllib.parse.urlsplit(self.url)
        client = http.client.HTTPSConnection(
            parts.hostname, parts.port, context=http_client.context(self.ca), timeout=20)
        client.request("POST", POST.decode(), body=b"x" * 10_000_000,
                       headers={"Content-Type": "application/json"})
        self.assertEqual(client.getresponse().status, 413)
        client.close()

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_a_body_beyond_the_limit_is_answered_413_to_curl(self):
        with tempfile.NamedTemporaryFile() as body:
            body.write(b"x" * 10_000_000)
            body.flush()
            for expect in ("Expect: 100-continue", "Expect:"):
                done = http_client.run(
                    "curl", "-sS", "--cacert", self.ca, "-H", "Content-Type: application/json", "-H",
                    expect, "--data-binary", "@" + body.name, "-w", "%{http_code}", "-o", "/dev/null",
                    self.url + POST.decode())
                self.assertEqual(done.stdout, b"413")

    def test_a_body_beyond_the_drain_limit_is_answered_at_once(self):
        with self.connect() as raw:
            raw.send(post(b"Content-Length: 200000000\r\n"))
            self.assertEqual(raw.read_one()[0], 413)
            self.assertTrue(raw.read_until_close()[1])

    def test_a_body_of_another_type_is_answered_415_and_the_connection_goes_on(self):
        with self.connect() as raw:
            raw.send(b"POST " + POST + b" HTTP/1.1\r\n" + HOST +
                     b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}")
            self.assertEqual(raw.read_one()[0], 415)
            raw.send(get())
            self.assertEqual(raw.read_one()[0], 200)


if __name__ == "__main__":
    unittest.main()
