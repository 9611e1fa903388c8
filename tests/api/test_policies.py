# SPDX-License-Identifier: Apache-2.0
"""The life of the policy: drafted, tested, compared, signed by distinct persons, put into force, and everything that must not be.

Each refusal is shown with its place, and with a decision before and after: the policy in force stays."""

import datetime
import json
import pathlib
import subprocess
import tempfile
import threading
import time
import unittest

from approval_case import stepped_up
from stack import LONG, ROOT, Stack, problem

POLICIES = "/api/v1/policies"
DEFAULT = ROOT / "policies/default"
AUTHOR = "policy.author"
SIGNER = ("-", "-", "policy-signer", "امضاکننده")


class Policies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own((AUTHOR, "signer.one", "hrd.manager", "hrd.contributor", "security.officer", "admin.one", "sit.analyst"))
        cls.signers = 0
        cls.base = json.loads((DEFAULT / "policy.json").read_text())
        cls.tests = json.loads((DEFAULT / "tests.json").read_text())
        cls.number = cls.base["version"]

    @classmethod
    def tearDownClass(cls):
        for client in cls.stack._clients.values():
            client.close()
        cls.stack.destroy()

    # ---- helpers ----

    def next_number(self):
        return int(self.stack.sql("select max(number) from sanjeh.policy_version where activation is not null and owner_unit = ''")) + 1

    def in_force(self):
        rows = [row for row in self.stack.client(AUTHOR).items(f"{POLICIES}?state=active") if row["owner_unit"] is None]
        self.assertEqual(len(rows), 1, rows)
        return rows[0]

    def policy(self, change=None):
        """The present document with a new number and a change."""
        document = json.loads(self.stack.client(AUTHOR).get(f"{POLICIES}/{self.in_force()['id']}").json()["document"])
        document["version"] = self.next_number()
        if change:
            change(document)
        return document

    def draft(self, policy, tests=None, by=AUTHOR):
        text = policy if isinstance(policy, str) else json.dumps(policy)
        more = tests if isinstance(tests, str) else json.dumps(tests or self.tests)
        return self.stack.client(by).post(POLICIES, {"policy": text, "tests": more})

    def drafted(self, policy, tests=None):
        made = self.draft(policy, tests)
        self.assertEqual(made.status, 201, made)
        self.assertTrue(made.json()["passed"], made.json()["report"])
        return made

    def signer(self):
        """Another account that signs: a code works once, and a test does not wait for the next."""
        type(self).signers += 1
        name = f"signer.no{self.signers}"
        self.stack.add_accounts({name: SIGNER})
        return name

    def sign(self, name, made, digest=None):
        path = f"{POLICIES}/{made.json()['id']}/sign"
        return stepped_up(self.stack, name, path, made.header("ETag"), digest=digest or made.json()["digest"])

    def activate(self, made, by="signer.one"):
        return self.stack.client(by).post(f"{POLICIES}/{made.json()['id']}/activate", {}, headers={"If-Match": made.header("ETag")})

    def remove(self, made):
        answer = self.stack.client(AUTHOR).delete(f"{POLICIES}/{made.json()['id']}", headers={"If-Match": made.header("ETag")})
        self.assertEqual(answer.status, 204, answer)

    def faults(self, answer, status=422, code="INVALID"):
        return [(fault["pointer"], fault["code"], fault["detail"]) for fault in problem(self, answer, status, code)["errors"]]

    def decision(self):
        """What the policy in force says of one thing that the tests change: may a contributor list courts?"""
        return self.stack.client("hrd.contributor").get("/api/v1/courts").status

    def unchanged(self):
        before = (self.decision(), self.in_force()["digest"])
        self.addCleanup(lambda: self.assertEqual((self.decision(), self.in_force()["digest"]), before))
        return before

    @staticmethod
    def without_courts(document):
        """C3 without the lists of courts: a narrowing."""
        rule = next(rule for rule in document["rules"] if rule["id"] == "C3")
        rule["do"] = [action for action in rule["do"] if action != "court:list"]

    def narrowed_tests(self):
        tests = json.loads(json.dumps(self.tests))
        for test in tests["tests"]:
            for role in ("unit-contributor", "unit-manager"):
                if test["id"] == f"may {role}":
                    test["expect"].pop("court:list", None)
        return tests

    @staticmethod
    def moment():
        time.sleep(0.02)
        now = datetime.datetime.now(datetime.timezone.utc)
        time.sleep(0.02)
        return now.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def replay(self, at):
        """Could a contributor list courts then, by which version, by which rule?"""
        question = {"account_id": self.stack.accounts["hrd.contributor"]["id"], "action": "court:list", **({"at": at} if at else {})}
        answer = self.stack.client("admin.one").post(f"{POLICIES}/explain", question)
        self.assertEqual(answer.status, 200, answer)
        told = answer.json()
        return told["allowed"], int(told["explanation"]["policy"].split()[0].split("@")[1]), told["explanation"]["code"]

    def metric(self, name):
        for line in self.stack.anonymous().get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return int(line.split()[1])
        raise AssertionError(f"no metric {name}")

    def recorded(self, action, places):
        """Entries of the record at these places with this action."""
        officer = self.stack.client("security.officer")
        entries = [answer.json() for answer in (officer.get(f"/api/v1/audit/entries/{place}") for place in places) if answer.status == 200]
        found = [entry for entry in entries if entry["action"] == action]
        self.assertTrue(found, f"no {action} in {places}")
        return found

    # ---- in order ----

    def test_0_the_disk_is_the_first_version(self):
        row = self.in_force()
        self.assertEqual((row["origin"], row["number"], row["activation"], row["author_id"]), ("installed", self.number, 1, None))
        found = self.recorded("policy:install", range(20))
        self.assertIn(row["digest"], found[0]["detail"])
        self.assertEqual(self.metric("sanjehd_policy_version"), self.number)
        for name in ("hrd.manager", "sit.analyst"):
            self.assertEqual(self.stack.client(name).get(POLICIES).status, 403, name)
        for name in ("admin.one", "security.officer", "signer.one"):
            self.assertEqual(self.stack.client(name).get(POLICIES).status, 200, name)
            self.assertEqual(self.draft(self.policy(), by=name).status, 403, name)

    def test_1_what_cannot_be_read_is_refused_with_its_place(self):
        self.unchanged()
        text = json.dumps(self.policy(), indent=1)
        line = text.splitlines().index(next(row for row in text.splitlines() if '"rules"' in row)) + 1

        def one(change):
            return json.dumps(self.policy(change))

        def cycle(document):
            document["roles"]["member"]["inherits"] = ["unit-contributor"]

        def kept_apart(document):
            document["roles"]["analyst"]["inherits"] = ["unit-contributor"]
        cases = (
            ("syntax", text.replace('"rules": [', '"rules": [,', 1), "/policy", f"line {line}"),
            ("trailing bytes", text + "x", "/policy", "line"),
            ("duplicate member", text.replace('"format":', '"format": "policy/1", "format":', 1), "/policy/format", "line"),
            ("unknown member", one(lambda d: d.update(signed=True)), "/policy/signed", ""),
            ("unknown role", one(lambda d: d["rules"][0].update(roles=["nobody"])), "/policy/rules/0/roles/0", ""),
            ("cycle", one(cycle), "/policy/roles", ""),
            ("separation in the file", one(kept_apart), "/policy", ""),
            ("too deep", one(lambda d: d["rules"][0].update(when=[["not"] * 40])), "/policy/rules/0/when", ""),
            ("an end", one(lambda d: d.update(effective={"from": None, "until": "2030-01-01T00:00:00Z"})), "/policy/effective", ""),
            ("an empty file", "", "/policy", ""),
        )
        for name, policy, pointer, detail in cases:
            found = self.faults(self.draft(policy))
            self.assertTrue(found[0][0].startswith(pointer), (name, found))
            self.assertIn(detail, found[0][2], name)
        self.assertEqual(self.faults(self.draft(text, "{"))[0][0], "/tests")
        self.assertEqual(self.draft("x" * (768 * 1024 + 1)).status, 422)
        self.assertEqual(self.draft("x" * (9 * 1024 * 1024)).status, 413)
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.policy_version where origin = 'drafted'"), "0")

    def test_2_versions_grow_and_name_the_one_before(self):
        self.unchanged()
        old = self.in_force()
        stale = self.policy(lambda d: d.update(version=old["number"]))
        self.assertEqual(self.faults(self.draft(stale))[0][:2], ("/policy/version", "STALE"))
        other = self.policy(lambda d: d.update(previous="sha256:" + "0" * 64))
        self.assertEqual(self.faults(self.draft(other))[0][:2], ("/policy/previous", "PREVIOUS"))
        made = self.drafted(self.policy(lambda d: d.update(previous=old["digest"])))
        self.assertEqual(made.json()["previous"], old["digest"])
        self.remove(made)

    def test_3_a_separation_that_somebody_breaks_now(self):
        self.unchanged()
        # hrd.manager holds unit-manager and process-owner
        apart = self.policy(lambda d: d["sod"].append({"id": "S99", "kind": "static", "roles": ["unit-manager", "process-owner"], "n": 2}))
        found = self.faults(self.draft(apart))
        self.assertEqual(found[0][1], "SEPARATION", found)
        self.assertRegex(found[0][0], "^/policy/sod/[0-9]+$")
        gone = self.policy(lambda d: (d["roles"].pop("sample-office"), [r["roles"].remove("sample-office") for r in d["rules"]
                                                                        if "sample-office" in r.get("roles", [])],
                                      [s["roles"].remove("sample-office") for s in d["sod"] if "sample-office" in s["roles"]],
                                      [r["assignable"].remove("sample-office") for r in d["roles"].values() if "sample-office" in r.get("assignable", [])]))
        gone["rules"] = [rule for rule in gone["rules"] if rule.get("roles") != []]
        answer = self.draft(gone)
        held = self.stack.sql("select count(*) from sanjeh.role_assignment where role = 'sample-office' and revoked_at is null")
        found = self.faults(answer)  # nobody holds it: nothing but its tests speaks of it
        self.assertEqual((held, {pointer.split("/")[1] for pointer, *_ in found}), ("0", {"tests"}), found)

    def test_4_tests_that_fail_or_cover_too_little_cannot_be_signed(self):
        self.unchanged()
        made = self.draft(self.policy(self.without_courts))  # the old tests expect the lists
        self.assertEqual((made.status, made.json()["passed"]), (201, False), made)
        self.assertEqual(self.faults(self.sign(self.signer(), made), 409, "GUARD_UNMET")[0][1], "TESTS_FAILED")
        self.assertEqual(self.faults(self.activate(made), 409, "GUARD_UNMET")[0][1], "TESTS_FAILED")
        self.remove(made)
        short = {**self.tests, "tests": self.tests["tests"][:3]}
        short.pop("min_rule_coverage", None)
        short.pop("min_constraint_coverage", None)
        asks = self.policy(lambda d: d.update(activation={"signatures": {"need": 2, "from_role": "policy-signer", "distinct_from_author": True},
                                                          "if_widening": {"need": 3}, "tests": "tests.json", "min_rule_coverage": 100}))
        made = self.draft(asks, short)
        self.assertEqual((made.status, made.json()["passed"]), (201, False), made)
        self.remove(made)

    def test_5_signatures_are_of_distinct_others_over_the_digest(self):
        self.unchanged()
        made = self.drafted(self.policy(self.without_courts), self.narrowed_tests())
        self.assertEqual((made.json()["widens"], made.json()["need"], made.json()["signatures"]), (False, 2, []))
        alarms = self.metric("sanjehd_policy_alarms_total")
        self.assertEqual(self.faults(self.activate(made), 409, "GUARD_UNMET")[0][1], "NOT_APPROVED")
        self.assertEqual(self.metric("sanjehd_policy_alarms_total"), alarms + 1)
        last = int(self.stack.client("hrd.manager").get("/api/v1/units").header("Audit-Index"))
        self.assertIn("NOT_APPROVED", self.recorded("policy:alarm", range(last - 8, last))[0]["detail"])
        self.assertEqual(self.sign(AUTHOR, made).status, 403, "the author may not sign")
        self.assertEqual(self.activate(made, by=AUTHOR).status, 403)
        wrong = self.sign(self.signer(), made, digest="sha256:" + "0" * 64)
        self.assertEqual(self.faults(wrong, 409, "GUARD_UNMET")[0][1], "OTHER_DIGEST")
        first = self.signer()
        signed = self.sign(first, made)
        self.assertEqual((signed.status, len(signed.json()["signatures"])), (200, 1), signed)
        self.assertEqual(self.faults(self.activate(made), 409, "GUARD_UNMET")[0][1], "NOT_APPROVED")
        if LONG:
            self.assertEqual(self.faults(self.sign(first, made), 409, "GUARD_UNMET")[0][1], "VOTED_ALREADY")
        rejected = self.stack.client("signer.one").post(f"{POLICIES}/{made.json()['id']}/reject", {}, headers={"If-Match": made.header("ETag")})
        self.assertEqual((rejected.status, rejected.json()["state"]), (200, "refused"), rejected)
        problem(self, self.sign(self.signer(), rejected), 409, "NO_SUCH_MOVE")

    def test_5b_the_author_under_another_account_is_the_author(self):
        """By person: the accounts of one judge. The author's account is given to him past the product, then sealed anew is what
        it would need: so the vote alone is looked at, by the database that compares persons."""
        made = self.drafted(self.policy(self.without_courts), self.narrowed_tests()).json()
        name = self.signer()
        account = self.stack.accounts[name]["id"]
        done = self.stack.sql(f"""begin; set local session_replication_role = origin;
            insert into sanjeh.approval_vote (approval_id, person_id, account_id, account_unit, role, approves, method, voted_at, requested_by, seal)
            select a.id, a.requested_person, '{account}', null, 'policy-signer', true, 'password+totp', now(), a.requested_by, sha256('x')
            from sanjeh.approval a where a.id = '{made["approval_id"]}'; commit;""", check=False)
        self.assertRegex(done.stderr, "in one's own name|approves what he asked for")

    def test_6_a_narrowing_with_two_signatures_comes_into_force(self):
        self.assertEqual(self.decision(), 200)
        made = self.drafted(self.policy(self.without_courts), self.narrowed_tests())
        diff = self.stack.client("signer.one").get(f"{POLICIES}/{made.json()['id']}/diff").json()
        self.assertFalse(diff["widens"])
        self.assertIn("court:list", json.dumps(diff["diff"]))
        other = self.drafted(self.policy(self.without_courts), self.narrowed_tests())
        first, second = self.signer(), self.signer()
        for name in (first, second):
            self.assertEqual(self.sign(name, made).status, 200, name)
        # a signature that was stripped, and one that a superuser wrote
        person = self.stack.accounts[second]["id"]
        strip = "begin; set local session_replication_role = replica; {} commit;"
        self.stack.sql(strip.format(f"create table public.kept as select * from sanjeh.approval_vote where account_id = '{person}' and approval_id = "
                                    f"'{made.json()['approval_id']}'; delete from sanjeh.approval_vote where account_id = '{person}' and "
                                    f"approval_id = '{made.json()['approval_id']}';"))
        self.assertEqual(self.faults(self.activate(made), 409, "GUARD_UNMET")[0][1], "NOT_APPROVED")
        self.stack.sql(strip.format("insert into sanjeh.approval_vote select approval_id, person_id, account_id, account_unit, role, approves, "
                                    "method, voted_at, requested_by, sha256('x') from public.kept;"))
        self.assertEqual(self.faults(self.activate(made), 409, "GUARD_UNMET")[0][1], "SEAL_BROKEN")
        self.stack.sql(strip.format(f"update sanjeh.approval_vote v set seal = k.seal from public.kept k where v.account_id = k.account_id and "
                                    "v.approval_id = k.approval_id; drop table public.kept;"))
        self.assertEqual(self.decision(), 200)
        type(self).wide = self.moment()
        done = self.activate(made)
        self.assertEqual((done.status, done.json()["state"], done.json()["activation"]), (200, "active", 2), done)
        self.assertEqual(self.decision(), 403)
        type(self).narrow = self.moment()
        entry = self.stack.client("security.officer").get(f"/api/v1/audit/entries/{done.header('Audit-Index')}").json()
        for part in (f"version={made.json()['number']}", f"digest={made.json()['digest']}", f"previous={made.json()['previous']}",
                     "effective_from=null", f"test_report_digest={made.json()['report_digest']}", f"diff_digest={made.json()['diff_digest']}",
                     self.stack.accounts[first]["id"], self.stack.accounts[second]["id"]):
            self.assertIn(part, entry["detail"])
        decided = self.stack.client("hrd.manager").get("/api/v1/units")
        entry = self.stack.client("security.officer").get(f"/api/v1/audit/entries/{decided.header('Audit-Index')}").json()
        self.assertIn(f"policy=default@{made.json()['number']}:{made.json()['digest'][7:23]}", entry["detail"])
        problem(self, self.activate(done), 409, "NO_SUCH_MOVE")
        # what was drafted against the version before is stale, whoever signs it
        self.assertEqual(self.faults(self.activate(other), 409, "GUARD_UNMET")[0][1], "STALE")
        self.remove(other)

    def test_7_a_widening_needs_one_more(self):
        self.assertEqual(self.decision(), 403)
        made = self.drafted(self.base | {"version": self.next_number()})  # the lists again: back only by a new version
        self.assertEqual((made.json()["widens"], made.json()["need"]), (True, 3), made.json()["state"])
        for name in (self.signer(), self.signer()):
            self.assertEqual(self.sign(name, made).status, 200, name)
        self.assertEqual(self.faults(self.activate(made), 409, "GUARD_UNMET")[0][1], "NOT_APPROVED")
        self.assertEqual(self.decision(), 403)
        self.assertEqual(self.sign(self.signer(), made).status, 200)
        self.assertEqual(self.activate(made).status, 200)
        self.assertEqual(self.decision(), 200)
        self.assertEqual(self.metric("sanjehd_policy_activation"), 3)

    def test_7b_what_was_decided_then_is_decided_again_by_the_version_of_then(self):
        first = self.number
        self.assertEqual(self.replay(self.wide)[:2], (True, first))
        self.assertEqual(self.replay(self.narrow), (False, first + 1, "E_NO_PERMIT"))
        self.assertEqual(self.replay(None)[:2], (True, first + 2))
        # a version of the past that the database tells otherwise than it was signed answers nothing
        old = self.stack.sql(f"select id from sanjeh.policy_version where number = {first + 1} and activation is not null")
        set_document = """begin; set local session_replication_role = replica;
            update sanjeh.policy_version set document = {} where id = '{}'; commit;"""
        self.stack.sql("create table public.kept_text as select document from sanjeh.policy_version where id = '" + old + "'")
        self.stack.sql(set_document.format("""replace(document, '"court:read"', '"court:list"')""", old))
        question = {"account_id": self.stack.accounts["hrd.contributor"]["id"], "action": "court:list", "at": self.narrow}
        problem(self, self.stack.client("admin.one").post(f"{POLICIES}/explain", question), 409, "CONFLICT")
        self.stack.sql(set_document.format("(select document from public.kept_text)", old) + "drop table public.kept_text;")
        self.assertEqual(self.replay(self.narrow)[0], False)

    def cli(self, user, codes, *args):
        secret = "".join(f"{self.stack.accounts[user]['password']}\n{self.stack.book(user).next_code()}\n" for _ in range(codes))
        return subprocess.run([self.stack.build / "server/sanjeh", "policy", args[0], "--url", f"https://localhost:{self.stack.port}", "--user", user,
                               "--ca", self.stack.ca_file, *args[1:]], input=secret, capture_output=True, text=True, check=False, timeout=90)

    def test_7c_the_command_line_does_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "policy.json").write_text(json.dumps(self.policy()))
            (path / "tests.json").write_text(json.dumps(self.tests))
            self.stack.add_accounts({f"author.no{n}": ("-", "-", "policy-author", "نویسنده") for n in (1, 2)})
            (path / "broken.json").write_text((path / "policy.json").read_text() + "x")
            refused = self.cli("author.no1", 1, "draft", path / "broken.json", path)
            self.assertEqual((refused.returncode, refused.stdout), (2, ""), refused)
            self.assertIn("/policy", refused.stderr)
            made = self.cli("author.no2", 1, "draft", path, path)
        self.assertEqual(made.returncode, 0, made.stderr)
        version = json.loads(made.stdout)
        self.assertIn(f"sanjeh policy sign {version['id']} {version['digest']}", made.stderr)
        first, second = self.signer(), self.signer()
        wrong = self.cli(first, 1, "sign", version["id"], "sha256:" + "0" * 64)
        self.assertEqual(wrong.returncode, 5, wrong)
        self.assertIn("DIGEST is not that of this version", wrong.stderr)
        for name in (first, second):
            signed = self.cli(name, 2, "sign", version["id"], version["digest"])
            self.assertEqual(signed.returncode, 0, signed.stderr)
        listed = json.loads(self.cli(self.signer(), 1, "versions").stdout)["items"]
        self.assertEqual([v["state"] for v in listed if v["id"] == version["id"]], ["draft"])
        done = self.cli(self.signer(), 1, "activate", version["id"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("is active", done.stderr)
        self.assertEqual(self.in_force()["id"], version["id"])

    def test_8_the_database_alone_puts_nothing_into_force(self):
        before = self.unchanged()
        made = self.drafted(self.policy(self.without_courts), self.narrowed_tests()).json()
        refused = self.stack.sql(f"update sanjeh.policy_version set state = 'active', activation = 9, activated_at = now(), version = 2 where "
                                 f"id = '{made['id']}'", check=False).stderr
        self.assertIn("not enough persons signed", refused)
        self.assertIn("does not change", self.stack.sql(f"update sanjeh.policy_version set need = 1 where id = '{made['id']}'", check=False).stderr)
        old = self.in_force()
        self.stack.sql(f"""begin; set local session_replication_role = replica;
            update sanjeh.policy_version set state = 'superseded', ended_at = now() where id = '{old["id"]}';
            update sanjeh.policy_version set state = 'active', activation = 9, activated_at = now() where id = '{made["id"]}'; commit;
            select pg_notify('policy_changed', '9');""")
        deadline = time.time() + 5
        while "policy.seal.broken" not in self.stack.log() and time.time() < deadline:
            time.sleep(0.1)
        self.assertIn("policy.seal.broken", self.stack.log())
        self.assertEqual(self.decision(), before[0])
        self.assertGreater(self.metric("sanjehd_policy_alarms_total"), 0)
        # such a database starts no server
        self.stack.stop()
        self.assertNotEqual(self.stack.start(check=False).returncode, 0)
        self.assertIn("the policy in force in the database", self.stack.log())
        self.stack.sql(f"""begin; set local session_replication_role = replica;
            update sanjeh.policy_version set state = 'draft', activation = null, activated_at = null where id = '{made["id"]}';
            update sanjeh.policy_version set state = 'active', ended_at = null where id = '{old["id"]}'; commit;""")
        self.stack.forget_sessions()
        self.stack.start()
        self.assertEqual(self.in_force()["id"], old["id"], "what was signed outlives a restart; the disk is not asked again")

    def test_9_killed_while_activating_it_is_the_old_or_the_new(self):
        old = self.in_force()
        made = self.drafted(self.policy(self.without_courts), self.narrowed_tests())
        for name in (self.signer(), self.signer()):
            self.assertEqual(self.sign(name, made).status, 200, name)
        client = self.stack.client("signer.one")

        def shoot():
            try:
                client.post(f"{POLICIES}/{made.json()['id']}/activate", {}, headers={"If-Match": made.header("ETag")})
            except OSError:
                pass
        thread = threading.Thread(target=shoot)
        thread.start()
        time.sleep(0.15)
        self.stack.kill9()
        thread.join()
        self.stack.forget_sessions()
        self.stack.start()
        rows = self.stack.sql("select id from sanjeh.policy_version where state = 'active' and owner_unit = ''").split()
        self.assertEqual(len(rows), 1)
        self.assertIn(rows[0], (old["id"], made.json()["id"]))
        self.assertEqual(self.decision(), 200 if rows[0] == old["id"] else 403)


if __name__ == "__main__":
    unittest.main()
