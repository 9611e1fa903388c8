# SPDX-License-Identifier: Apache-2.0
"""Does the server start, reload, stop and refuse as an operator expects; are both processes locked down?"""

import os
import pathlib
import re
import resource
import signal
import ssl
import socket
import threading
import time
import unittest

from stack import ROOT, Stack, run


def status(pid):
    return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


class Operations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own()

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def setUp(self):
        self.stack.start()
        self.stack.wait_ready()

    def drops(self):
        """Whether the instance was started by root and becomes system users."""
        return self.stack.cluster("mode").stdout.strip() == "drop"

    def sanitized(self):
        return b"__asan_init" in (self.stack.build / "server/sanjehd").read_bytes()

    def certificate(self):
        context = ssl.create_default_context(cafile=str(self.stack.ca_file))
        with socket.create_connection(("127.0.0.1", self.stack.port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                return tls.getpeercert(binary_form=True)

    def test_all_processes_are_sandboxed_and_not_root(self):
        for name, pid in (("front", self.stack.pid), ("keeper", self.stack.keeper_pid()),
                          ("press", self.stack.press_pid())):
            with self.subTest(name):
                found = status(pid)
                if not self.sanitized():  # sanitizers need calls that the filter refuses
                    self.assertEqual(found["Seccomp"].strip(), "2", "no seccomp filter")
                self.assertEqual(found["NoNewPrivs"].strip(), "1")
                self.assertEqual(int(found["CapEff"], 16), 0)
                if self.drops():
                    self.assertNotIn("0", found["Uid"].split())
                limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
                self.assertRegex(limits, r"Max core file size\s+0\s+0")

    def test_it_takes_all_the_descriptors_that_it_may_have(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.stack.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))  # as a service begins: far fewer than connections
        try:
            self.stack.start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        limits = re.search(r"Max open files\s+(\d+)\s+(\d+)", pathlib.Path(f"/proc/{self.stack.pid}/limits").read_text())
        self.assertEqual(limits.group(1), limits.group(2))

    def test_the_keeper_has_no_network_and_no_database(self):
        self.has_no_network(self.stack.keeper_pid())

    def test_the_press_has_no_network_and_no_database(self):
        self.has_no_network(self.stack.press_pid())

    def has_no_network(self, pid):
        links = []
        folder = pathlib.Path(f"/proc/{pid}/fd")
        for entry in folder.iterdir():
            try:
                links.append(os.readlink(entry))
            except FileNotFoundError:
                pass
        inodes = {match.group(1) for link in links if (match := re.match(r"socket:\[(\d+)\]", link))}
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                self.assertNotIn(line.split()[9], inodes)

    def test_term_stops_within_ten_seconds_and_finishes_what_is_in_flight(self):
        client = self.stack.client("hrd.manager")
        answers, stop = [], threading.Event()

        def work():
            own = self.stack.anonymous(token=client.token)
            while not stop.is_set():
                try:
                    answers.append(own.get("/api/v1/units").status)
                except Exception:
                    return
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        pid, started = self.stack.pid, time.monotonic()
        os.kill(pid, signal.SIGTERM)
        while self.stack.is_alive() and time.monotonic() - started < 12:
            time.sleep(0.05)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertLess(time.monotonic() - started, 10)
        self.assertFalse(self.stack.is_alive())
        self.assertEqual(set(answers) - {200, 503}, set())
        self.stack.start()

    def test_hup_brings_a_new_certificate_without_a_cut(self):
        before, pid = self.certificate(), self.stack.pid
        (self.stack.folder / "certs/server.pem").unlink()
        run(ROOT / "certs-example/make-certs", self.stack.folder / "certs")
        if self.drops():
            run("chown", "nobody:", self.stack.folder / "certs/server.key")
        os.kill(pid, signal.SIGHUP)
        deadline = time.time() + 20
        while time.time() < deadline and self.certificate() == before:
            time.sleep(0.1)
        self.assertNotEqual(self.certificate(), before)
        self.assertEqual(self.stack.pid, pid)
        self.assertTrue(self.stack.is_alive())

    def test_a_broken_certificate_at_hup_keeps_the_old_one(self):
        before = self.certificate()
        path = self.stack.folder / "certs/server.pem"
        kept = path.read_bytes()
        try:
            path.write_bytes(b"not a certificate")
            os.kill(self.stack.pid, signal.SIGHUP)
            time.sleep(0.7)
            self.assertEqual(self.certificate(), before)
            self.assertTrue(self.stack.is_alive())
        finally:
            path.write_bytes(kept)

    def test_readyz_says_503_while_the_database_is_away_and_recovers(self):
        client, token = self.stack.anonymous(), self.stack.client("hrd.manager").token
        self.assertEqual(client.get("/readyz").status, 200)
        self.stack.cluster("stop", "--immediate")
        try:
            deadline = time.time() + 30
            while time.time() < deadline and client.get("/readyz").status != 503:
                time.sleep(0.1)
            self.assertEqual(client.get("/readyz").status, 503)
            self.assertEqual(client.get("/healthz").status, 200)
            answer = self.stack.anonymous(token=token).get("/api/v1/judges")
            self.assertEqual(answer.status, 503, answer)
            self.assertNotIn(b"items", answer.body)
        finally:
            self.stack.cluster("start")
        self.stack.wait_ready()
        self.assertEqual(self.stack.anonymous(token=token).get("/api/v1/judges").status, 200)

    def test_without_its_keeper_the_server_answers_nothing(self):
        token = self.stack.client("hrd.manager").token
        client = self.stack.anonymous()
        os.kill(self.stack.keeper_pid(), signal.SIGKILL)
        deadline = time.time() + 20
        while time.time() < deadline and client.get("/readyz").status != 503:
            time.sleep(0.1)
        self.assertEqual(client.get("/readyz").status, 503)
        for _ in range(3):
            started = time.time()
            self.assertEqual(self.stack.anonymous(token=token, timeout=5).get("/api/v1/judges").status, 503)
            self.assertLess(time.time() - started, 1, "nobody waits for a keeper that has died")
        deadline = time.time() + 5
        statuses = []
        while time.time() < deadline and self.stack.is_alive():
            try:
                statuses.append(self.stack.anonymous(token=token, timeout=5).get("/api/v1/judges").status)
            except OSError:
                break
            time.sleep(0.2)
        self.assertTrue(not statuses or statuses[-1] == 503, statuses)
        if self.stack.is_alive():
            os.kill(self.stack.pid, signal.SIGTERM)
            time.sleep(1)
        self.stack.stop()
        self.stack.start()

    def test_readyz_says_503_while_the_keeper_hangs(self):
        client = self.stack.anonymous()
        self.stack.wait_ready()
        before = self.stack.log().count("audit.head.unreadable")
        os.kill(self.stack.keeper_pid(), signal.SIGSTOP)
        try:
            deadline = time.time() + 6  # nobody asks for anything that needs it
            while time.time() < deadline and client.get("/readyz").status != 503:
                time.sleep(0.1)
            self.assertEqual(client.get("/readyz").status, 503)
        finally:
            os.kill(self.stack.keeper_pid(), signal.SIGCONT)
        self.stack.wait_ready()
        self.assertLess(self.stack.log().count("audit.head.unreadable") - before, 4, "the log is flooded")

    def test_an_unsafe_database_is_refused(self):
        attacks = {
            "row security not forced": ("alter table sanjeh.judge no force row level security",
                                        "alter table sanjeh.judge force row level security"),
            "row security off": ("alter table sanjeh.judge disable row level security",
                                 "alter table sanjeh.judge enable row level security"),
            "bypass": ("alter role sanjeh_app bypassrls", "alter role sanjeh_app nobypassrls"),
            "may create": ("grant create on schema sanjeh to sanjeh_app", "revoke create on schema sanjeh from sanjeh_app"),
        }
        for name, (attack, undo) in attacks.items():
            with self.subTest(name):
                self.stack.stop()
                self.stack.cluster("start")
                self.stack.sql(attack)
                before = len(self.stack.log())
                done = self.stack.start(check=False)
                self.stack.cluster("start")
                self.stack.sql(undo)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("UNSAFE_DATABASE", self.stack.log()[before:])
        self.stack.start()

    def test_the_configuration_is_checked(self):
        self.stack.stop()
        self.stack.cluster("start")
        server = self.stack.build / "server/sanjehd"
        good = run(server, "--config", self.stack.folder / "sanjehd.conf", "--check", check=False)
        self.assertEqual(good.returncode, 0, good.stderr)
        text = (self.stack.folder / "sanjehd.conf").read_text()
        broken = {
            "unknown key": text.replace("[server]", "[server]\ncolour = red"),
            "unknown section": text + "\n[magic]\nx = 1\n",
            "not a number": text.replace("[server]", "[server]\nloops = many"),
            "missing key": re.sub(r"(?m)^root_key_file.*$", "", text),
        }
        path = self.stack.folder / "broken.conf"
        for name, content in broken.items():
            with self.subTest(name):
                path.write_text(content)
                done = run(server, "--config", path, "--check", check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr, "broken.conf|root_key_file")

    def test_a_key_file_that_others_may_read_is_refused(self):
        self.stack.stop()
        path = self.stack.folder / "keys/root.key"
        mode = path.stat().st_mode
        path.chmod(0o644)
        try:
            self.assertNotEqual(self.stack.start(check=False).returncode, 0)
        finally:
            path.chmod(mode)
        self.stack.start()

    def test_a_changed_migration_is_refused(self):
        self.stack.stop()
        self.stack.cluster("start")
        table = self.stack.sql("select relname from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'sanjeh' "
                               "and relname like '%migration%' and relkind = 'r'")
        self.assertTrue(table)
        self.stack.sql(f"create table public.kept as select * from sanjeh.{table}; "
                       f"update sanjeh.{table} set sha256 = sha256('other'::bytea)")
        done = run(self.stack.build / "server/sanjeh", "migrate", "--config", self.stack.folder / "sanjehd.conf", check=False)
        self.stack.sql(f"update sanjeh.{table} t set sha256 = k.sha256 from public.kept k where k.number = t.number; "
                       "drop table public.kept")
        self.assertNotEqual(done.returncode, 0)
        self.stack.start()


if __name__ == "__main__":
    unittest.main()
