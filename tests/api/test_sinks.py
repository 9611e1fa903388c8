# SPDX-License-Identifier: Apache-2.0
"""The record carried on to others: to a file in OCSF, to a real TLS receiver of syslog that stalls, breaks off, shows a wrong name and comes
back. Nothing is lost, no request waits."""

import json
import pathlib
import re
import shutil
import socket
import ssl
import tempfile
import threading
import time
import unittest

from alarm_case import told
from stack import Stack, free_port, run


class Receiver(threading.Thread):
    """RFC 5425 over TLS with a client certificate; frames by octet counting."""

    def __init__(self, folder, port):
        super().__init__(daemon=True)
        self.folder, self.frames, self.clients, self.errors = folder, [], [], 0
        self.may_read, self.ends, self.breaks = threading.Event(), False, False
        self.may_read.set()
        self.show("good")
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen()
        self.listener.settimeout(0.2)

    def show(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        context.load_verify_locations(self.folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self.context = context

    def run(self):
        while not self.ends:
            try:
                raw, _ = self.listener.accept()
            except socket.timeout:
                continue
            raw.settimeout(0.2)
            try:
                with self.context.wrap_socket(raw, server_side=True) as line:
                    self.clients.append(line.getpeercert()["subject"])
                    self.receive(line)
            except (OSError, ssl.SSLError):
                self.errors += 1

    def receive(self, line):
        data = b""
        while not self.ends:
            if not self.may_read.wait(0.1):
                continue
            try:
                more = line.recv(4096)
            except socket.timeout:
                continue
            if not more:
                return
            data += more
            while (head := re.match(rb"([1-9][0-9]*) ", data)) and len(data) >= head.end() + int(head.group(1)):
                end = head.end() + int(head.group(1))
                self.frames.append(data[head.end():end].decode())
                data = data[end:]
            if self.breaks:
                self.breaks = False
                return

    def indices(self):
        return [int(re.search(r' index="([0-9]+)"', frame).group(1)) for frame in list(self.frames)]


class Sinks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sanjeh-sinks-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.make_certificates()
        cls.port = free_port()
        cls.receiver = Receiver(cls.folder, cls.port)
        cls.receiver.start()
        cls.addClassCleanup(setattr, cls.receiver, "ends", True)
        cls.stack = Stack.own(env={
            "SANJEH_SINK1_KIND": "file", "SANJEH_SINK1_PATH": str(cls.folder / "record.jsonl"),
            "SANJEH_SINK2_KIND": "syslog", "SANJEH_SINK2_FORMAT": "cef", "SANJEH_SINK2_HOST": "127.0.0.1",
            "SANJEH_SINK2_PORT": str(cls.port), "SANJEH_SINK2_SERVER_NAME": "siem.test",
            "SANJEH_SINK2_CA_FILE": str(cls.folder / "ca.pem"), "SANJEH_SINK2_CERT_FILE": str(cls.folder / "client.pem"),
            "SANJEH_SINK2_KEY_FILE": str(cls.folder / "client.key"), "SANJEH_ALARMS_SINK_LAG_S": "6"})
        cls.addClassCleanup(cls.stack.destroy)

    @classmethod
    def make_certificates(cls):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", cls.folder / "ca.key", "-out", cls.folder / "ca.pem", "-subj", "/CN=sinks CA")
        for name, host in (("good", "siem.test"), ("wrong", "other.test"), ("client", "sanjeh.test")):
            cls.sign(name, host)

    @classmethod
    def sign(cls, name, host):
        (cls.folder / "ext").write_text(f"subjectAltName=DNS:{host}\n")
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", cls.folder / f"{name}.key",
            "-out", cls.folder / f"{name}.csr", "-subj", f"/CN={host}")
        run("openssl", "x509", "-req", "-in", cls.folder / f"{name}.csr", "-CA", cls.folder / "ca.pem", "-CAkey", cls.folder / "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", cls.folder / "ext", "-out", cls.folder / f"{name}.pem")

    def metric(self, name):
        text = self.stack.anonymous().get("/metrics").body.decode()
        return int(re.search(rf"^{re.escape(name)} ([0-9]+)$", text, re.M).group(1))

    def size(self):
        return int(self.stack.sql("select size from sanjeh.audit_head"))

    def until(self, condition, seconds=60):
        deadline = time.time() + seconds
        while time.time() < deadline:
            if condition():
                return
            time.sleep(0.1)
        self.fail(f"not within {seconds} s: {self.receiver.indices()[-3:]} of {self.size()}")

    def level(self, size):
        self.until(lambda: self.receiver.indices()[-1:] and max(self.receiver.indices()) >= size - 1)
        self.assertEqual(sorted(set(self.receiver.indices()))[:size], list(range(size)), "an entry is missing")

    def work(self, count):
        client = self.stack.client("hrd.manager")
        slowest = 0
        for _ in range(count):
            begun = time.time()
            self.assertEqual(client.get("/api/v1/me").status, 200)
            slowest = max(slowest, time.time() - begun)
        return slowest

    def test_1_both_sinks_get_everything(self):
        self.work(20)
        size = self.size()
        self.level(size)
        self.assertEqual(self.receiver.clients[0], ((("commonName", "sanjeh.test"),),), "our certificate was shown")
        for frame in self.receiver.frames:
            self.assertRegex(frame, r"^<1(08|10|05)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ sanjehd - \S+ \[sanjeh@32473 log=\"")
            self.assertIn("] CEF:0|Sanjeh|sanjehd|", frame)
        self.until(lambda: self.metric('sanjehd_sink_position{sink="1"}') >= size)
        lines = [json.loads(line) for line in (self.folder / "record.jsonl").read_text().splitlines()]
        self.assertEqual([line["unmapped"]["index"] for line in lines[:size]], list(range(size)))
        self.assertLessEqual({3002, 6003}, {line["class_uid"] for line in lines})
        officer = self.stack.client("security.officer")
        entry = officer.get("/api/v1/audit/entries/5").json()
        self.assertEqual((lines[5]["unmapped"]["leaf"], lines[5]["unmapped"]["action"]), (entry["leaf"], entry["action"]))

    def test_2_a_receiver_that_stalls_holds_up_nobody(self):
        self.receiver.may_read.clear()
        self.addCleanup(self.receiver.may_read.set)
        slowest = self.work(200)
        self.assertLess(slowest, 2)
        self.until(lambda: self.metric('sanjehd_sink_behind_seconds{sink="2"}') >= 6)
        self.assertGreater(self.metric('sanjehd_sink_lag_entries{sink="2"}'), 50)
        officer = self.stack.client("security.officer")
        self.until(lambda: officer.items("/api/v1/audit/alarms?rule=sink"))
        self.assertEqual([alarm["cause"] for alarm in officer.items("/api/v1/audit/alarms?rule=sink")], ["sink=2"])
        told(self, self.stack, "sink", "sink=2")
        self.until(lambda: self.metric('sanjehd_sink_position{sink="1"}') >= self.size() - 2)
        self.receiver.may_read.set()
        self.level(self.size())

    def test_3_a_line_that_breaks_is_taken_up_again(self):
        for _ in range(3):
            self.receiver.breaks = True
            self.work(15)
            time.sleep(0.3)
        self.level(self.size())
        self.assertGreater(len(self.receiver.clients), 1)

    def test_4_another_name_gets_nothing(self):
        self.level(self.size())
        before = len(self.receiver.frames)
        self.receiver.show("wrong")
        self.receiver.breaks = True
        self.work(5)
        failures = self.metric('sanjehd_sink_failures_total{sink="2"}')
        self.until(lambda: self.metric('sanjehd_sink_failures_total{sink="2"}') > failures + 1)
        self.work(10)
        got = len(self.receiver.frames)
        self.assertLess(got - before, 10)
        self.receiver.show("good")
        self.level(self.size())

    def test_5_a_crash_loses_nothing(self):
        self.work(10)
        self.stack.kill9()
        self.stack.start()
        self.stack.forget_sessions()
        self.work(10)
        size = self.size()
        self.level(size)
        self.until(lambda: self.metric('sanjehd_sink_position{sink="1"}') >= size)
        found = {json.loads(line)["unmapped"]["index"] for line in (self.folder / "record.jsonl").read_text().splitlines()}
        self.assertLessEqual(set(range(size)), found)
        repeated = len(self.receiver.indices()) - len(set(self.receiver.indices()))
        self.assertLess(repeated, 128 * 12, "a page at most is sent again for each line that broke")


if __name__ == "__main__":
    unittest.main()
