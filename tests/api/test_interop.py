# SPDX-License-Identifier: Apache-2.0
"""Other people's tools: a log made by golang.org/x/mod verifies with sanjeh-verify, from a folder and from addresses, and is refused when
it is damaged; Sanjeh's record, exported and over HTTPS, verifies with golang.org/x/mod."""

import functools
import http.server
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tarfile
import tempfile
import threading
import unittest

from stack import ROOT, Stack, free_port, run
from tlog_case import make_certs

NAME = "foreign.example/log"


class Quiet(http.server.SimpleHTTPRequestHandler):
    failing = 0

    def log_message(self, *_):
        pass

    def do_GET(self):
        if type(self).failing > 0 and self.path.startswith("/tile"):
            type(self).failing -= 1
            self.send_error(503)
            return
        super().do_GET()


class Interop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.build = pathlib.Path(os.environ["SANJEH_BUILD"])
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sanjeh-interop-", dir=cls.build))
        cls.go = cls.folder / "tlog"
        env = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(cls.build / "go-cache"), "GOFLAGS": ""}
        run("go", "build", "-o", cls.go, ROOT / "tests/interop/tlog.go", env=env, timeout=600)
        cls.log = cls.folder / "log"
        cls.vkey = run(cls.go, "make", cls.log, "66000", NAME).stdout.strip()
        cls.policy = cls.make_policy("policy", cls.vkey)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    @classmethod
    def make_policy(cls, name, *vkeys):
        path = cls.folder / name
        path.write_text("".join(f"log {vkey}\n" for vkey in vkeys) + "quorum none\n")
        return path

    def verify(self, place, *options, policy=None):
        done = run(self.build / "server/sanjeh-verify", place, "--policy", policy or self.policy, "--json", *options, check=False)
        return done.returncode, json.loads(done.stdout) if done.returncode != 3 else done.stderr

    def copy(self):
        folder = self.folder / "damaged"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.log, folder)
        return folder

    def serve(self, folder, certs=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), functools.partial(Quiet, directory=str(folder)))
        if certs:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certs / "server.pem", certs / "server.key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"{'https' if certs else 'http'}://localhost:{server.server_address[1]}"

    def test_a_foreign_log_verifies_from_a_folder_and_from_addresses(self):
        code, report = self.verify(self.log)
        self.assertEqual((code, report["size"], report["entries_checked"]), (0, 66000, 66000), report)
        self.assertEqual(self.verify(self.serve(self.log))[0], 0)
        certs = make_certs(self.folder / "certs")
        address = self.serve(self.log, certs)
        self.assertEqual(self.verify(address + "/", "--ca", certs / "ca.pem")[0], 0)
        code, why = self.verify(address)  # nobody vouches for this certificate
        self.assertEqual(code, 3)
        self.assertIn("certificate", why)

    def test_an_address_that_fails_is_asked_again_and_a_cache_goes_on(self):
        address = self.serve(self.log)
        Quiet.failing = 3
        cache = self.folder / "cache"
        self.assertEqual(self.verify(address, "--cache", cache)[0], 0)
        self.assertEqual(Quiet.failing, 0)
        shutil.copytree(self.log, self.folder / "thin")
        shutil.rmtree(self.folder / "thin/tile/entries/x000", ignore_errors=True)
        for full in (self.folder / "thin/tile/entries").glob("[0-9][0-9][0-9]"):
            full.unlink()
        self.assertEqual(self.verify(self.serve(self.folder / "thin"), "--cache", cache)[0], 0)
        self.assertEqual(self.verify(self.serve(self.folder / "thin"))[0], 2)
        # a cache that lies is found out like a log that does
        (cache / "tile/entries/005").write_bytes(b"\0\0" * 256)
        self.assertEqual(self.verify(address, "--cache", cache)[0], 1)

    def test_addresses_that_are_not_asked(self):
        for address in ("http://example.com/", "ftp://localhost/", "https://user@localhost/", "http://127.0.0.1.example.com/"):
            with self.subTest(address):
                self.assertEqual(self.verify(address)[0], 3)

    def test_attack_16_another_logs_key_or_checkpoint(self):
        other = self.folder / "other"
        # the same name, another key, other entries
        key = run(self.go, "make", other, "600", NAME, " other", self.folder / "other.key").stdout.strip()
        code, report = self.verify(self.log, policy=self.make_policy("other.policy", key))
        self.assertEqual(code, 2, report)
        damaged = self.copy()
        shutil.copy(other / "checkpoint", damaged / "checkpoint")
        self.assertEqual(self.verify(damaged)[0], 2)
        code, report = self.verify(damaged, policy=self.make_policy("both.policy", self.vkey, key))
        self.assertEqual(code, 1, report)  # trusted, but not the root of these entries
        # its signature under this log's text
        lines = (self.log / "checkpoint").read_text().split("\n\n")[0]
        (damaged / "checkpoint").write_text(lines + "\n\n" + (other / "checkpoint").read_text().split("\n\n")[1])
        self.assertEqual(self.verify(damaged, policy=self.make_policy("both.policy", self.vkey, key))[0], 1)

    def test_attack_17_tiles_and_root_hold_but_an_entry_differs(self):
        damaged = self.copy()
        path = damaged / "tile/entries/003"
        data = bytearray(path.read_bytes())
        data[40] ^= 1
        path.write_bytes(data)
        code, report = self.verify(damaged)
        self.assertEqual(code, 1, report)
        self.assertTrue(768 <= report["bad_index"] < 1024, report)
        # and with its leaf in the tile: then it is the root that speaks
        level1 = damaged / "tile/1/000"
        data = bytearray(level1.read_bytes())
        data[5] ^= 1
        level1.write_bytes(data)
        self.assertEqual(self.verify(damaged)[0], 1)

    def test_attack_07_a_fork_is_seen_by_whoever_holds_the_other_checkpoint(self):
        one, two = self.folder / "one", self.folder / "two"
        key = run(self.go, "make", one, "900", NAME, " one", self.folder / "fork.key").stdout.strip()
        self.assertEqual(run(self.go, "make", two, "1200", NAME, " two", self.folder / "fork.key").stdout.strip(), key)
        policy = self.make_policy("fork.policy", key)
        for log in (one, two):
            self.assertEqual(self.verify(log, policy=policy)[0], 0)
        code, report = self.verify(two, "--since", one / "checkpoint", policy=policy)
        self.assertEqual(code, 1, report)
        self.assertIn("900", report["checkpoint"])

    def test_attack_05_an_older_checkpoint_is_stale_to_whoever_has_seen_a_newer(self):
        old, new = self.folder / "old", self.folder / "new"
        key = run(self.go, "make", new, "1200", NAME, "", self.folder / "replay.key").stdout.strip()
        run(self.go, "make", old, "900", NAME, "", self.folder / "replay.key")
        policy = self.make_policy("replay.policy", key)
        self.assertEqual(self.verify(new, "--since", old / "checkpoint", policy=policy)[0], 0)
        code, report = self.verify(old, "--since", new / "checkpoint", policy=policy)
        self.assertEqual(code, 2, report)
        self.assertIn("stale", report["cause"])

    def test_attack_18_missing_cut_and_long_pieces(self):
        for name, change, expected in (("tile/0/001", None, {2}), ("tile/entries/257.p/208", None, {2}), ("checkpoint", None, {2}),
                                       ("tile/0/001", lambda data: data[:-1], {1, 2}), ("tile/entries/002", lambda data: data + b"\0\1x", {1}),
                                       ("tile/entries/002", lambda data: data[:-3], {1, 2}),
                                       ("checkpoint", lambda data: data.replace(b"\n", b"\r\n"), {1, 2}),
                                       ("checkpoint", lambda data: data.replace(b"66000", b"9223372036854775808"), {1, 2})):
            with self.subTest((name, change)):
                damaged = self.copy()
                if change is None:
                    (damaged / name).unlink()
                else:
                    (damaged / name).write_bytes(change((damaged / name).read_bytes()))
                self.assertIn(self.verify(damaged)[0], expected)


class OurRecord(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own()
        build = pathlib.Path(os.environ["SANJEH_BUILD"])
        cls.go = cls.stack.folder / "tlog"
        env = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(build / "go-cache"), "GOFLAGS": ""}
        run("go", "build", "-o", cls.go, ROOT / "tests/interop/tlog.go", env=env, timeout=600)

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def test_our_record_verifies_with_their_implementation(self):
        stack = self.stack
        client = stack.client("hrd.manager")
        for _ in range(300):
            client.get("/api/v1/me")
        stack.instance("policy")
        vkey = (stack.folder / "audit.policy").read_text().split()[1]
        bundle = stack.folder / "bundle"
        with tarfile.open(stack.export()) as tar:
            tar.extractall(bundle)
        self.assertRegex(run(self.go, "check", bundle, vkey).stdout, r"^verified [0-9]+\n$")
        token = stack.folder / "token"
        stack.client("security.officer")
        token.write_text(json.loads((stack.folder / "tokens.json").read_text())["security.officer"] + "\n")
        address = f"https://localhost:{stack.port}/audit"
        self.assertRegex(run(self.go, "check", address, vkey, stack.ca_file, token).stdout, r"^verified [0-9]+\n$")
        done = stack.verify(address, "--ca", stack.ca_file, "--token-file", token, "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreater(json.loads(done.stdout)["size"], 300)
        # a byte of one entry
        path = bundle / "tile/entries/000"
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.write_bytes(data)
        done = subprocess.run([self.go, "check", bundle, vkey], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("entry 0 is not the one", done.stderr)
