# SPDX-License-Identifier: Apache-2.0
"""Does an officer find everything about an account or an object, proven, and hears when something was hidden? Receipts of one's own."""

import base64
import hashlib
import json
import pathlib
import subprocess
import tempfile
import time
import unittest
import urllib.parse

from stack import LONG, SharedTest, Stack, problem, recorded, run
from test_audit_tree import climb

WHY = "reason=" + urllib.parse.quote("پرونده ۱۲ بازرسی")


def search(officer, query, reason=WHY):
    return officer.get(f"/api/v1/audit/entries?{query}{'&' if query else ''}{reason}")


def wait_index(test, officer, index):
    """Until the index has gone past this entry."""
    deadline = time.time() + 60
    while time.time() < deadline:
        answer = search(officer, "action=no:such")
        test.assertEqual(answer.status, 200, answer)
        if answer.json()["coverage"]["indexed"] > index:
            return
        time.sleep(0.1)
    test.fail("the index does not follow the record")


def account(stack, name):
    return stack.client(name).get("/api/v1/me").json()["account"]["id"]


def note_heads(officer):
    """Has the record commit to the day's counts: an export of a unit does."""
    answer = officer.post("/api/v1/audit/exports", {"unit": "HRD"})
    assert answer.status == 200, answer


def wait_counts(test, officer, query, index):
    """Until the search is held against counts of a day that has this entry; the coverage then."""
    deadline = time.time() + 30
    while time.time() < deadline:
        coverage = search(officer, query).json()["coverage"]
        if any(day["from"] <= index < day["to"] for day in coverage["counts"]["days"]):
            return coverage
        time.sleep(0.2)
    test.fail(f"no day is compared: {coverage}")


class Search(SharedTest):
    def setUp(self):
        self.officer = self.stack.client("security.officer")

    def found(self, query):
        answer = search(self.officer, query)
        self.assertEqual(answer.status, 200, answer)
        document = answer.json()
        self.assertTrue(document["coverage"]["complete"], document["coverage"])
        self.assertIsNone(document["coverage"]["gap"])
        return document

    def test_a_request_is_found_by_actor_object_action_unit_and_outcome(self):
        hrd = self.stack.client("hrd.manager")
        judge = hrd.items("/api/v1/judges")[0]["id"]
        index = recorded(self, hrd.get(f"/api/v1/judges/{judge}"))
        wait_index(self, self.officer, index)
        me = account(self.stack, "hrd.manager")
        for query in (f"actor={me}", f"object={judge}", f"actor={me}&object={judge}&action=judge:read&outcome=permitted",
                      f"unit=HRD&from={index}&to={index + 1}", f"action=judge:read&from={index - 50}", f"from={index}&to={index + 1}"):
            document = self.found(query)
            hit = next((item for item in document["items"] if item["index"] == index), None)
            self.assertIsNotNone(hit, (query, index, document["items"][:3]))
            self.assertEqual((hit["actor"], hit["object"], hit["action"], hit["outcome"]), (me, judge, "judge:read", "permitted"))
            entry = bytes.fromhex(self.stack.sql(f"select encode(entry, 'hex') from sanjeh.audit_entry where idx = {index}"))
            self.assertEqual(base64.b64decode(hit["leaf"]), hashlib.sha256(b"\0" + entry).digest())
        for query in (f"actor={me}&outcome=denied&from={index}&to={index + 1}", f"unit=SC&from={index}&to={index + 1}",
                      f"actor={judge}", f"object={judge}&action=court:read"):
            self.assertEqual(self.found(query)["items"], [], query)

    def test_times_bound_a_search_exactly(self):
        hrd = self.stack.client("hrd.manager")
        marks = [recorded(self, hrd.get("/api/v1/me")) for _ in range(3)]
        wait_index(self, self.officer, marks[-1])
        at = self.officer.get(f"/api/v1/audit/entries/{marks[1]}").json()["time"]
        me = account(self.stack, "hrd.manager")
        after = [item["index"] for item in self.found(f"actor={me}&from={at}&limit=200")["items"]]
        before = [item["index"] for item in self.found(f"actor={me}&to={at}&limit=200")["items"]]
        self.assertLessEqual({marks[1], marks[2]}, set(after))
        self.assertNotIn(marks[0], after)
        self.assertIn(marks[0], before)
        self.assertFalse({marks[1], marks[2]} & set(before))

    def test_pages_give_every_entry_once(self):
        me = account(self.stack, "hrd.manager")
        wait_index(self, self.officer, 0)
        seen, cursor, pages = [], "", 0
        while cursor is not None and pages < 60:
            document = self.found(f"actor={me}&limit=7{cursor}")
            seen += [item["index"] for item in document["items"]]
            cursor = document["next"] and f"&cursor={document['next']}"
            pages += 1
            if document["next"] is None:
                break
        self.assertEqual(seen, sorted(set(seen), reverse=True))
        covered = document["coverage"]["indexed"]
        count = self.stack.sql(f"select count(*) from sanjeh.audit_entry where idx < {covered} and idx >= {seen[-1]} and idx <= {seen[0]} and "
                               f"substring(entry from 131 for 16) = uuid_send('{me}')")
        if document["next"] is None:
            self.assertEqual(len(seen), int(count))

    def test_a_search_by_unit_or_action_is_held_against_the_signed_counts(self):
        hrd = self.stack.client("hrd.manager")
        index = [recorded(self, hrd.get("/api/v1/judges?limit=1")) for _ in range(3)][-1]
        note_heads(self.officer)
        for query in ("unit=HRD", "action=judge:read", "unit=HRD&action=judge:read"):
            coverage = wait_counts(self, self.officer, f"{query}&limit=1&counts=all", index)
            counts = coverage["counts"]
            self.assertTrue(counts["agree"] and coverage["complete"], (query, coverage))
            self.assertEqual(counts["expected"], counts["found"])
            day = counts["days"][0]
            tag = self.stack.sql("select encode(uuid_send(audit_tag), 'hex') from sanjeh.unit where code = 'HRD'")
            terms = {"unit=HRD": f"substring(entry from 99 for 16) = '\\x{tag}'",
                     "action=judge:read": "substring(entry from 206 for 11) = '\\x0a' || 'judge:read'::bytea"}
            where = " and ".join(terms[term] for term in query.split("&"))
            entries = self.stack.sql(f"select count(*) from sanjeh.audit_entry where idx >= {day['from']} and idx < {day['to']} and {where}")
            self.assertEqual((day["expected"], day["found"]), (int(entries), int(entries)), query)
        me = account(self.stack, "hrd.manager")
        for query in (f"actor={me}", f"unit=HRD&actor={me}", "unit=HRD&outcome=denied", f"from={index}"):
            self.assertIsNone(self.found(query)["coverage"]["counts"], query)
        self.assertEqual(self.found(f"unit=HRD&from={index}")["coverage"]["counts"]["agree"], None, "no whole day lies in it")
        problem(self, search(self.officer, "unit=HRD&counts=some"), 400)

    def test_what_was_found_is_a_file_that_is_checked_without_us(self):
        index = [recorded(self, self.stack.client("hrd.manager").get("/api/v1/judges?limit=1")) for _ in range(3)][-1]
        note_heads(self.officer)
        wait_counts(self, self.officer, "unit=HRD&counts=all", index)
        file = self.stack.folder / "found.sjfind"

        def verify():
            done = self.stack.verify(file, "--json")
            return done.returncode, json.loads(done.stdout)

        answer = search(self.officer, "unit=HRD&counts=all&format=file")
        self.assertEqual((answer.status, answer.header("Content-Type")), (200, "application/octet-stream"))
        file.write_bytes(answer.body)
        code, report = verify()
        self.assertEqual((code, report["verdict"]), (0, "verified"), report)
        self.assertRegex(report["note"], r"hits: [1-9]\d*; days that are whole by the signed counts: [1-9]")
        changed = bytearray(answer.body)
        changed[-40] ^= 1  # in the counts
        file.write_bytes(changed)
        self.assertEqual(verify()[0], 1)
        nothing = search(self.officer, "action=no:such&format=file")
        file.write_bytes(nothing.body)
        self.assertEqual(verify()[0], 0)
        problem(self, search(self.officer, "unit=HRD&format=pdf"), 400)

    def test_what_is_asked_badly_is_refused(self):
        for query in ("actor=x", "actor=00000000-0000-0000-0000-000000000000", "unit=NOSUCH", "outcome=maybe", "from=yesterday", "limit=201",
                      "to=2026-13-01T00:00:00Z", "who=x", "actor=&", "cursor=AAAA"):
            problem(self, search(self.officer, query), 400)
        problem(self, search(self.officer, "", "reason=short"), 400, "BAD_PARAMETER")

    def test_the_search_is_one_entry_and_its_reason_a_payload(self):
        index = recorded(self, search(self.officer, "action=judge:read&limit=3"))
        entry = self.officer.get(f"/api/v1/audit/entries/{index}").json()
        self.assertEqual((entry["action"], entry["outcome"]), ("audit:read", "permitted"))
        self.assertIn("reason=given", entry["detail"])
        self.assertNotIn("judge:read", entry["detail"])
        content = bytes.fromhex(self.stack.sql(f"select encode(content, 'hex') from sanjeh.audit_payload where idx = {index}"))
        self.assertNotIn(b"judge:read", content, "sealed where it lies")
        self.assertEqual(entry["payload_state"], "kept")
        asked = json.loads(entry["payload"])
        self.assertEqual(asked, {"reason": "پرونده ۱۲ بازرسی", "action": "judge:read", "limit": "3"})
        size = int(self.stack.sql("select size from sanjeh.audit_head"))
        again = recorded(self, search(self.officer, "action=judge:read&limit=3"))
        self.assertEqual(again, size, "a search is one entry, not one a hit")

    def test_a_receipt_proves_the_own_request_as_json_and_as_a_file(self):
        hrd = self.stack.client("hrd.manager")
        answer = hrd.get("/api/v1/judges?limit=1")
        path = f"/api/v1/audit/receipts/{answer.header('X-Request-Id')}"
        for _ in range(2):  # before the index has it, and after
            receipt = hrd.get(path)
            self.assertEqual(receipt.status, 200, receipt)
            document = receipt.json()
            self.assertEqual(document["index"], int(answer.header("Audit-Index")))
            self.assertEqual(document["leaf"], answer.header("Audit-Leaf"))
            lines = document["checkpoint"].splitlines()
            self.assertEqual((int(lines[1]), lines[2]), (document["size"], document["root"]))
            proof = [base64.b64decode(text) for text in document["proof"]]
            self.assertEqual(climb(document["index"], document["size"], base64.b64decode(document["leaf"]), proof),
                             base64.b64decode(document["root"]))
            wait_index(self, self.officer, int(answer.header("Audit-Index")))
        file = hrd.request("GET", path, headers={"Accept": "text/plain"})
        self.assertEqual(file.header("Content-Type"), "text/plain; charset=utf-8")
        self.assertTrue(file.body.startswith(b"c2sp.org/tlog-proof@v1\nindex " + str(document["index"]).encode() + b"\n"))
        self.check_receipts(document, file.body)

    def check_receipts(self, document, file):
        """Years later, without the server."""
        self.stack.instance("policy")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            entry = bytes.fromhex(self.stack.sql(f"select encode(entry, 'hex') from sanjeh.audit_entry where idx = {document['index']}"))
            forged = [line[:-10] + ("B" if line[-10] == "A" else "A") + line[-9:] if line.startswith("— ") else line
                      for line in file.decode().split("\n")]
            texts = {"json": json.dumps(document).encode(), "file": file, "entry": entry, "other": entry + b"x",
                     "moved": json.dumps(document | {"index": document["index"] - 1}).encode(), "nothing": b"{}",
                     "signed": file.replace("\n— ".encode(), "\n— x".encode()), "forged": "\n".join(forged).encode()}
            for name, content in texts.items():
                (folder / name).write_bytes(content)
            leaf, wrong = document["leaf"], base64.b64encode(bytes(32)).decode()
            for expected, arguments in ((0, ("json",)), (0, ("json", "--entry", folder / "entry")), (0, ("file", "--leaf", leaf)),
                                        (0, ("file", "--entry", folder / "entry")), (1, ("file", "--leaf", wrong)),
                                        (1, ("json", "--leaf", wrong)), (1, ("file", "--entry", folder / "other")), (1, ("moved",)),
                                        (2, ("file",)), (2, ("nothing",)), (2, ("signed", "--leaf", leaf)), (1, ("forged", "--leaf", leaf)),
                                        (3, ("absent",)), (3, ("file", "--leaf", "x"))):
                with self.subTest(arguments=arguments):
                    done = run(self.stack.build / "server/sanjeh-verify", "--proof", folder / arguments[0], *arguments[1:], "--policy",
                               self.stack.folder / "audit.policy", check=False)
                    self.assertEqual(done.returncode, expected, done.stdout + done.stderr)


class Officer(unittest.TestCase):
    """What an officer does from the command line, and to the keys. A stack of its own, in which a reason is mandatory."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(env={"SANJEH_AUDIT_SEARCH_REASON": "1"})

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def command(self, officer, *arguments):
        """As a security officer who has not signed in yet: his code needs no waiting."""
        self.stack.add_accounts({officer: ("-", "-", "security-officer", "مسئول")})
        lines = f"{self.stack.accounts[officer]['password']}\n{self.stack.book(officer).next_code()}\n"
        return subprocess.run([self.stack.build / "server/sanjeh", *arguments, "--url", f"https://localhost:{self.stack.port}", "--ca",
                               self.stack.ca_file, "--user", officer, "--credentials-fd", "0"],
                              input=lines, capture_output=True, text=True, timeout=60, check=False)

    def test_a_the_command_line_changes_keys_and_writes_files(self):
        recorded(self, self.stack.client("hrd.manager").get("/api/v1/judges"))
        done = self.command("officer.a", "keys", "status")
        self.assertEqual(done.returncode, 0, done.stderr)
        before = json.loads(done.stdout)
        self.assertEqual((before["phase"], before["epoch"], before["key"], before["next_from"]), ("steady", 0, before["first_key"], None))
        self.stack.instance("policy")
        self.assertIn(before["lasting"], (self.stack.folder / "audit.policy").read_text())
        done = self.command("officer.b", "keys", "rotate")
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, {"state": "asked", "epoch": 0}), done.stderr)
        officer, deadline = self.stack.client("security.officer"), time.time() + 60
        after = before
        while (after["epoch"], after["phase"]) != (1, "steady") and time.time() < deadline:
            time.sleep(0.2)
            after = officer.get("/api/v1/audit/keys").json()
        self.assertEqual((after["epoch"], after["phase"], after["first_key"]), (1, "steady", before["key"]), after)
        self.assertNotEqual(after["key"], before["key"])
        for answer in (self.stack.client("hrd.manager").get("/api/v1/audit/keys"), self.stack.client("hrd.manager").post("/api/v1/audit/keys/rotate")):
            problem(self, answer, 403, "FORBIDDEN")
        for name, code, *arguments in (("officer.c", 0, "audit", "export", "--unit", "HRD"),
                                       ("officer.d", 0, "audit", "search", "--unit", "HRD", "--reason", "a monthly control")):
            file = self.stack.folder / f"{name}.file"
            done = self.command(name, *arguments, "--out", file)
            self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
            verified = self.stack.verify(file)
            self.assertEqual(verified.returncode, 0, verified.stdout)
        for wrong in (("audit", "export", "--unit", "HRD"), ("audit", "export", "--unit", "HRD", "--out", "x", "--config", "y"), ("keys", "rotate"),
                      ("audit", "vkey", "--unit", "HRD")):
            done = run(self.stack.build / "server/sanjeh", *wrong, check=False)
            self.assertEqual(done.returncode, 2, wrong)

    def test_a_reason_is_mandatory(self):
        officer = self.stack.client("security.officer")
        problem(self, officer.get("/api/v1/audit/entries?action=self:read"), 400, "BAD_PARAMETER")
        reason = {"headers": {"Sanjeh-Reason": "a monthly control"}}
        self.assertEqual(officer.request("GET", "/api/v1/audit/entries?action=self:read", **reason).status, 200)

    @unittest.skipUnless(LONG, "each sign-in waits for a code of its own")
    def test_the_command_line_searches_and_follows(self):
        account_of = self.stack.accounts["security.officer"]

        def officer(*arguments, timeout=60):
            code = self.stack.book("security.officer").next_code()
            return subprocess.run([self.stack.build / "server/sanjeh", "audit", *arguments, "--url", f"https://localhost:{self.stack.port}", "--ca",
                                   self.stack.ca_file, "--user", "security.officer", "--credentials-fd", "0"],
                                  input=f"{account_of['password']}\n{code}\n", capture_output=True, text=True, timeout=timeout, check=False)
        mark = recorded(self, self.stack.client("hrd.manager").get("/api/v1/me"))
        wait_index(self, self.stack.client("security.officer"), mark)
        done = officer("search", "--action", "self:read", "--reason", "look & see: قرار", "--limit", "5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(mark, [item["index"] for item in json.loads(done.stdout)["items"]])
        done = officer("index")
        self.assertEqual((done.returncode, json.loads(done.stdout)["state"]), (0, "following"), done.stderr)
        self.assertEqual(officer("search", "--compare").returncode, 2)
        with self.assertRaises(subprocess.TimeoutExpired) as following:
            officer("tail", "--from", str(mark), timeout=45)
        self.assertEqual(json.loads(following.exception.stdout.decode().splitlines()[0])["index"], mark)


if __name__ == "__main__":
    unittest.main()
