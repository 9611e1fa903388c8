# SPDX-License-Identifier: Apache-2.0
"""Is there a route or an outcome that leaves no entry (AUDIT 4.1, attack 22)? Every route of the table is asked in every way that a client
can ask; all answers are looked up in the record at the end, in one go, and the record is looked through for their entries in turn.
Exempt is what the program itself lists, and that is exactly the health routes."""

import http.client
import os
import re
import signal
import ssl
import threading
import time
import unittest

import on_record
from stack import Stack, run

NOBODY = "00000000-0000-4000-8000-000000000000"
PATTERN = re.compile(r"\{\w+\*?\}")
HEALTH = {"/healthz", "/readyz"}
WITHOUT_SESSION = {"/api/v1/login", "/api/v1/login/second-factor", "/api/v1/enrolments", "/api/v1/survey-answers", "/api/v1/survey-questions"}
ANONYMOUS = {"/api/v1/survey-answers", "/api/v1/survey-questions"}
ENDLESS = {"/api/v1/audit/tail"}  # for whoever may follow it: test_audit_tail.py
ENDS_A_SESSION = {"/api/v1/logout"}
PARTS = 6  # connections that ask at once, so that entries share commits
CALLERS = ("hrd.manager", "security.officer", "admin.one")


def target_of(path):
    return PATTERN.sub(NOBODY, path)


class Walk:
    """Asks over one kept connection; keeps what the record must know of each answer."""

    def __init__(self, stack, token=None):
        self.stack, self.token, self.answers = stack, token, []
        self.client = stack.anonymous(token=token)

    def ask(self, method, target, how, **kw):
        answer = self.client.request(method, target, **kw)
        self.answers.append((how, method, target, answer))
        return answer

    def refuse_at_once(self, method, target):
        """A body that is announced longer than the route takes; nothing of it is sent."""
        context = ssl.create_default_context(cafile=str(self.stack.ca_file))
        link = http.client.HTTPSConnection("localhost", self.stack.port, timeout=20, context=context)
        link.putrequest(method, target)
        for name, value in (("Content-Length", str(10 ** 9)), ("Expect", "100-continue"), ("Content-Type", "application/json"),
                            ("Authorization", f"Bearer {self.token}")):
            link.putheader(name, value)
        link.endheaders()
        raw = link.getresponse()
        raw.read()
        link.close()
        self.answers.append(("413", method, target, Raw(raw)))


class Raw:
    def __init__(self, raw):
        self.status, self.raw = raw.status, raw

    def header(self, name):
        return self.raw.getheader(name)


class Coverage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=CALLERS)
        lines = [line.split() for line in run(cls.stack.build / "server/sanjehd", "--routes").stdout.splitlines() if line.strip()]
        cls.routes = sorted((line[0], line[1]) for line in lines)
        cls.exempt = {line[1] for line in lines if line[2:] == ["exempt"]}
        cls.first = int(cls.stack.sql("select size from sanjeh.audit_head"))

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def walk(self, name, routes):
        """One caller over all routes, in every way."""
        walk = Walk(self.stack, self.stack.client(name).token)
        offered = {}
        for method, path in self.routes:
            offered.setdefault(path, set()).add(method)
        for method, path in routes:
            target = target_of(path)
            if path in ENDS_A_SESSION or path in ANONYMOUS:
                continue
            if method == "GET":
                answer = walk.ask("GET", target, "plain")
                walk.ask("HEAD", target, "head")
                walk.ask("GET", target + "?no_such_parameter=1", "parameter")
                walk.ask("GET", target, "conditional", headers={"If-None-Match": answer.header("ETag") or '"none"'})
                walk.ask("GET", target, "body", body=b"{}", headers={"Content-Type": "application/json"})
            else:
                walk.ask(method, target, "empty", headers={"If-Match": '"v0"'})
                walk.ask(method, target, "json", json_body={"no_such_member": 1})
                walk.ask(method, target, "broken", body=b"{", headers={"Content-Type": "application/json"})
                walk.ask(method, target, "media", body=b"x", headers={"Content-Type": "image/png"})
        for path in sorted({path for _, path in routes} - ENDS_A_SESSION - ANONYMOUS):
            walk.ask("OPTIONS", target_of(path), "options")
            other = next(verb for verb in ("PUT", "DELETE", "PATCH", "POST") if verb not in offered[path])
            walk.ask(other, target_of(path), "method")
        return walk

    def odd_ones(self):
        """Outcomes that no walk over made-up ids meets."""
        walk = Walk(self.stack, self.stack.client("hrd.manager").token)
        walk.ask("GET", "/api/v1/no-such-route", "unknown")
        walk.ask("GET", "/api/v1/judges/%00", "guard")
        unit = walk.ask("GET", "/api/v1/units", "list").json()["items"][0]["id"]
        tag = walk.ask("GET", f"/api/v1/units/{unit}", "object").header("ETag")
        unchanged = walk.ask("GET", f"/api/v1/units/{unit}", "unchanged", headers={"If-None-Match": tag})
        self.assertEqual((unchanged.status, unchanged.body, unchanged.header("ETag")), (304, b"", tag))
        self.assertEqual(walk.ask("GET", f"/api/v1/units/{unit}", "changed", headers={"If-None-Match": '"v0"'}).status, 200)
        refused = walk.ask("POST", "/api/v1/login", "refused", json_body={"username": "hrd.manager", "password": "not this one"}, token=None)
        self.assertEqual(refused.status, 401)
        return walk

    def aborted_stream(self):
        """Whoever follows the record and hangs up leaves two entries: the answer's, and one of how it ended."""
        walk = Walk(self.stack, self.stack.client("security.officer").token)
        context = ssl.create_default_context(cafile=str(self.stack.ca_file))
        link = http.client.HTTPSConnection("localhost", self.stack.port, timeout=20, context=context)
        link.request("GET", "/api/v1/audit/tail?from=0", headers={"Authorization": f"Bearer {walk.token}"})
        raw = link.getresponse()
        self.assertTrue(raw.read(64))
        walk.answers.append(("aborted", "GET", "/api/v1/audit/tail?from=0", Raw(raw)))
        raw.close()
        link.close()
        stream = f"stream={raw.getheader('X-Request-Id')};"
        deadline, ends = time.time() + 60, []
        while not ends and time.time() < deadline:
            time.sleep(0.1)
            rows = self.stack.sql("select encode(entry, 'escape') from sanjeh.audit_entry where get_byte(entry, 73) = 17").splitlines()
            ends = [row for row in rows if stream in row]
        self.assertEqual(len(ends), 1, stream)
        self.assertIn("state=aborted", ends[0])
        return walk

    def check_walked(self, walks):
        """Each route of the table was asked in each way; one that is new is in the table, so nothing can be forgotten here."""
        asked = {}
        for walk in walks:
            for how, method, target, answer in walk.answers:
                asked.setdefault((method, target.split("?")[0]), {}).setdefault(how, answer.status)
        left_out = {path for _, path in self.routes} & (ENDLESS | ANONYMOUS | ENDS_A_SESSION)
        self.assertEqual(left_out, ENDLESS | ANONYMOUS | ENDS_A_SESSION, "an exception that is no route any more")
        for method, path in self.routes:
            ways, target = asked.get((method, target_of(path)), {}), target_of(path)
            if path in ANONYMOUS | ENDS_A_SESSION:
                continue
            wanted = {"plain", "parameter", "conditional", "body"} if method == "GET" else {"empty", "json", "broken", "media"}
            self.assertLessEqual(wanted, set(ways), (method, path))
            self.assertIn("options", asked[("OPTIONS", target)], path)
            self.assertTrue(any("method" in other and other["method"] == 405 for (_, at), other in asked.items() if at == target), path)
            if method == "GET":
                self.assertEqual(asked[("HEAD", target)]["head"], ways["plain"], path)
            if method in ("POST", "PUT", "PATCH"):
                self.assertIn(ways["413"], (411, 413), path)

    def of_paths(self, part):
        """Every so-manyth path with all its methods."""
        paths = sorted({path for _, path in self.routes})[part::PARTS]
        return [route for route in self.routes if route[1] in paths]

    def check(self, walk):
        """Index, leaf, request and status of each answer against the entry itself."""
        wanted = {}
        for how, method, target, answer in walk.answers:
            path = target.split("?")[0]
            if path in self.exempt and how in ("plain", "head", "parameter", "conditional"):
                self.assertIsNone(answer.header("Audit-Index"), (how, method, target))
                continue
            index = answer.header("Audit-Index")
            self.assertRegex(index or "", r"^[0-9]+$", (how, method, target, answer.status))
            self.assertNotIn(int(index), wanted, (how, method, target))
            wanted[int(index)] = (how, method, target, answer)
        found = on_record.entries(self.stack, wanted)
        self.assertEqual(set(found), set(wanted))
        for index, entry in found.items():
            how, method, target, answer = wanted[index]
            given = on_record.Answer(method, target, answer.status, answer.header("X-Request-Id"), index, answer.header("Audit-Leaf"), "session")
            self.assertIsNone(on_record.fault(entry, given), (how, method, target))
        return set(wanted)

    def test_attack_22_every_route_and_outcome_has_its_entry(self):
        self.assertEqual(self.exempt, HEALTH)
        self.assertGreater(len(self.routes), 250)
        parts = [("hrd.manager", self.of_paths(part)) for part in range(PARTS)]
        parts += [("security.officer", [route for route in self.routes if "audit" in route[1] and route[1] not in ENDLESS]),
                  ("admin.one", [route for route in self.routes if re.search("account|role|assign|session", route[1])])]
        walks, failures = {"odd": self.odd_ones()}, []

        def one(number, name, routes):
            try:
                walks[number] = self.walk(name, routes)
            except Exception as failure:  # told below, in the test's own thread
                failures.append((name, failure))
        for name in CALLERS:
            self.stack.client(name)
        threads = [threading.Thread(target=one, args=(number, *part)) for number, part in enumerate(parts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        walk = Walk(self.stack, self.stack.client("hrd.manager").token)
        for method, path in self.routes:
            if method in ("POST", "PUT", "PATCH") and path not in ANONYMOUS | ENDS_A_SESSION:
                walk.refuse_at_once(method, target_of(path))
        walks["413"] = walk
        walks["aborted"] = self.aborted_stream()
        self.check_walked(walks.values())
        statuses = {answer.status for walk in walks.values() for _, _, _, answer in walk.answers}
        self.assertLessEqual({200, 304, 400, 401, 403, 404, 405, 413, 415, 422}, statuses)
        indices = [self.check(walk) for walk in walks.values()]
        mine = set().union(*indices)
        self.assertEqual(len(mine), sum(map(len, indices)), "no two answers share an entry")
        # and back: each entry of a request since the beginning is one of these answers', or begins one
        others = self.stack.sql(f"select idx from sanjeh.audit_entry where idx >= {self.first} and get_byte(entry, 73) in (1, 2, 16) and "
                                "substring(entry from 131 for 16) <> decode(repeat('00', 16), 'hex')").split()
        stray = {int(index) for index in others} - mine
        signing_in = 3 * len(CALLERS)
        begun = sum(answer.status == 200 for walk in walks.values() for _, method, target, answer in walk.answers
                    if (method, target) == ("POST", "/api/v1/audit/exports"))
        self.assertLessEqual(len(stray), signing_in + begun, sorted(stray)[:20])

    def test_attack_22_who_has_no_session_is_counted(self):
        """401 on every route; one entry a minute and source, whose counts are exactly the answers."""
        stranger = self.stack.anonymous()
        asked, before = 0, self.counted()
        for method, path in self.routes:
            if path in self.exempt | WITHOUT_SESSION or path.startswith("/.well-known/") or path in ("/metrics", "/api/v1/openapi.json"):
                continue
            answer = stranger.request(method, target_of(path))
            self.assertEqual(answer.status, 401, (method, path))
            self.assertIsNone(answer.header("Audit-Index"))
            self.assertTrue(answer.header("X-Request-Id"))
            asked += 1
        os.kill(self.stack.pid, signal.SIGTERM)  # what is counted is written at the end
        deadline = time.time() + 60
        while self.stack.is_alive() and time.time() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.counted() - before, asked)

    def counted(self):
        rows = self.stack.sql("select encode(entry, 'escape') from sanjeh.audit_entry where get_byte(entry, 73) = 3")
        return sum(int(found) for row in rows.splitlines() for found in re.findall(r"requests=(\d+)", row))


if __name__ == "__main__":
    unittest.main()
