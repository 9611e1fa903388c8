# SPDX-License-Identifier: Apache-2.0
"""Does the live tail give each entry once, in order, proven, and are start, end and abort of a stream on the record?"""

import http.client
import json
import re
import socket
import ssl
import time
import unittest

from stack import SharedTest, problem, recorded


class Tail:
    """Server-sent events over a socket of its own."""

    def __init__(self, stack, who, query="", headers=None):
        context = ssl.create_default_context(cafile=str(stack.ca_file))
        self.link = http.client.HTTPSConnection("localhost", stack.port, timeout=20, context=context)
        self.link.request("GET", f"/api/v1/audit/tail{query}", headers={
            "Authorization": f"Bearer {stack.client(who).token}", "Accept": "text/event-stream", **(headers or {})})
        self.answer = self.link.getresponse()

    def next(self):
        """One event: (id, name, document); comments are passed over."""
        event = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line == "" and "data" in event:
                return int(event["id"]), event["event"], json.loads(event["data"])
            if line == "" or line.startswith(":"):
                continue
            name, _, value = line.partition(": ")
            event[name] = value

    def close(self):
        self.link.close()


class Following(SharedTest):
    def setUp(self):
        self.officer = self.stack.client("security.officer")

    def end_of(self, start):
        """The stream-end entry of the stream that began with this entry."""
        deadline = time.time() + 60
        while time.time() < deadline:
            rows = self.stack.sql("select substring(encode(entry, 'escape') from 'stream=[-0-9a-f]+;start=.*state=[a-z]+') from sanjeh.audit_entry "
                                  f"where idx > {start} and get_byte(entry, 73) = 17 and position('start={start};'::bytea in entry) > 0")
            if rows:
                self.assertEqual(len(rows.splitlines()), 1)
                return rows
            time.sleep(0.1)
        self.fail(f"the stream of entry {start} has no end in the record")

    def test_entries_come_in_order_as_they_are_signed(self):
        tail = Tail(self.stack, "security.officer")
        self.addCleanup(tail.close)
        self.assertEqual(tail.answer.status, 200)
        self.assertEqual(tail.answer.getheader("Content-Type"), "text/event-stream")
        self.assertEqual(tail.answer.getheader("Cache-Control"), "no-store")
        start = int(tail.answer.getheader("Audit-Index"))
        first, name, entry = tail.next()
        self.assertEqual((first, name, entry["kind"], entry["action"]), (start, "entry", "stream-start", "audit:read"))
        hrd = self.stack.client("hrd.manager")
        marks = [recorded(self, hrd.get("/api/v1/me")) for _ in range(5)]
        seen = [first]
        while seen[-1] < marks[-1]:
            index, name, entry = tail.next()
            self.assertEqual((name, entry["index"], index), ("entry", index, seen[-1] + 1))
            seen.append(index)
        self.assertLessEqual(set(marks), set(seen))
        return start

    def test_a_tail_goes_on_behind_the_last_event(self):
        marks = [recorded(self, self.stack.client("hrd.manager").get("/api/v1/me")) for _ in range(3)]
        for query, headers in ((f"?from={marks[0] + 1}", {}), ("", {"Last-Event-ID": str(marks[0])})):
            tail = Tail(self.stack, "security.officer", query, headers)
            self.assertEqual(tail.next()[0], marks[0] + 1)
            tail.close()
        for query, headers in (("?from=x", {}), ("?to=3", {}), ("", {"Last-Event-ID": "abc"})):
            problem(self, self.officer.request("GET", f"/api/v1/audit/tail{query}", headers=headers), 400, "BAD_PARAMETER")

    def test_an_abort_is_recorded_with_the_bytes_that_left(self):
        tail = Tail(self.stack, "security.officer")
        start = int(tail.answer.getheader("Audit-Index"))
        tail.next()
        tail.link.sock.shutdown(socket.SHUT_RDWR)
        tail.close()
        self.stack.client("hrd.manager").get("/api/v1/me")  # something to write
        self.stack.client("hrd.manager").get("/api/v1/me")
        end = self.end_of(start)
        self.assertRegex(end, r"state=aborted")
        self.assertGreater(int(re.search(r"bytes=(\d+)", end)[1]), 100)

    def test_an_exports_end_has_the_bytes_that_were_sent(self):
        answer = self.officer.post("/api/v1/audit/exports", {"from": 0, "to": None})
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.header("Content-Length"), str(len(answer.body)))
        end = self.end_of(recorded(self, answer))
        self.assertIn(f"bytes={len(answer.body)};state=complete", end)

    def test_attack_22_an_export_that_breaks_off_is_recorded(self):
        context = ssl.create_default_context(cafile=str(self.stack.ca_file))
        link = http.client.HTTPSConnection("localhost", self.stack.port, timeout=20, context=context)
        link.connect()
        link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.request("POST", "/api/v1/audit/exports", body=b'{"from":0,"to":null}', headers={
            "Authorization": f"Bearer {self.officer.token}", "Content-Type": "application/json"})
        answer = link.getresponse()
        start = int(answer.getheader("Audit-Index"))
        whole = int(answer.getheader("Content-Length"))
        answer.read(1000)
        link.sock.shutdown(socket.SHUT_RDWR)
        link.close()
        end = self.end_of(start)
        sent = int(re.search(r"bytes=(\d+)", end)[1])
        self.assertLessEqual(sent, whole)
        self.assertRegex(end, "state=aborted" if sent < whole else "state=(aborted|complete)")

    def test_the_head_of_a_tail_is_no_stream(self):
        head = self.officer.request("HEAD", "/api/v1/audit/tail")
        self.assertEqual(head.status, 200)
        recorded(self, head)

    def test_a_tail_ends_with_its_session(self):
        answer = self.stack.sign_in("security.officer")
        if answer.status == 401:  # an earlier program used this code: take the next
            answer = self.stack.sign_in("security.officer")
        token = answer.json()["token"]
        self.stack._clients["gone"] = self.stack.anonymous(token=token)
        self.addCleanup(self.stack._clients.pop, "gone")
        tail = Tail(self.stack, "gone")
        self.addCleanup(tail.close)
        start = int(tail.answer.getheader("Audit-Index"))
        tail.next()
        self.assertEqual(self.stack._clients["gone"].post("/api/v1/logout").status, 204)
        deadline = time.time() + 60
        while time.time() < deadline and tail.answer.readline():
            pass
        self.assertIn("state=complete", self.end_of(start))


if __name__ == "__main__":
    unittest.main()
