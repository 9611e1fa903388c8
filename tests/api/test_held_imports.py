# SPDX-License-Identifier: Apache-2.0
"""Does a bulk import wait for another person, and does it take the place of an earlier batch without losing it?

Two people: a contributor sends, a manager accepts or rejects; who sent it does neither."""

import itertools
import time
import unittest
import uuid

from stack import REGISTERS, Stack, problem, recorded

HEAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end\n"


def load(periods, filed=1):
    return (HEAD + "".join(f"H-0001,HELD-1,{period},1,{filed},0,0,0,1,{filed}\n" for period in periods)).encode()


class HeldImports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.contributor", "security.officer"))
        cls.stack.add_accounts({"hrd.register": REGISTERS["hrd.register"]})
        cls.manager = cls.stack.client("hrd.register")
        cls.sender = cls.stack.client("hrd.contributor")
        sent = cls.manager.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "data":
                                                           "personnel_number,name\nH-0001,مریم یزدی\n"})
        assert sent.status == 201, sent

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def begin(self, data, client=None, **more):
        """The job as it ended."""
        client = client or self.sender
        made = client.post("/api/v1/imports", {"kind": "workload", "format": "csv", **more})
        self.assertEqual(made.status, 201, made)
        path = f"/api/v1/imports/{made.json()['id']}"
        part = client.request("POST", f"{path}/parts?offset=0", body=data, headers={"Content-Type": "text/csv"})
        self.assertEqual(part.status, 200, part)
        self.assertEqual(client.request("POST", f"{path}/start").status, 200)
        return self.ended(path)

    def ended(self, path):
        until = time.time() + 60
        while time.time() < until:
            job = self.manager.get(path).json()
            if job["state"] in ("done", "failed", "cancelled"):
                return job
            time.sleep(0.05)
        self.fail(job)

    def batch(self, identity):
        return self.manager.get(f"/api/v1/contributions/{identity}").json()

    def move(self, identity, to, client=None, etag=None, **more):
        path = f"/api/v1/contributions/{identity}"
        client = client or self.manager
        etag = etag or client.get(path).header("ETag")
        return client.request("POST", f"{path}/moves", json_body={"to": to, **more}, headers={"If-Match": etag})

    def in_force(self, identity):
        return [item["filed"] for item in self.manager.get(f"/api/v1/facts?contribution_id={identity}").json()["items"]]

    years = itertools.count(1300, 2)

    def year(self):
        """The months of a year that no other test of this server uses."""
        year = next(self.years)
        return [f"{year}-{month:02}" for month in range(1, 13)]

    # ---- hold ------------------------------------------------------------------------------------------------

    def test_held_until_another_person_accepts(self):
        months = self.year()
        job = self.begin(load(months), client=self.manager, hold=True)
        self.assertEqual((job["state"], job["hold"], job["rows_ok"]), ("done", True, 12), job)
        identity = job["contribution_id"]
        self.assertEqual(self.batch(identity)["state"], "received")
        self.assertTrue(self.batch(identity)["hold"])
        self.assertEqual(self.in_force(identity), [])
        problem(self, self.move(identity, "accepted"), 409, "NO_SUCH_MOVE")
        self.assertEqual(self.move(identity, "validated").status, 200)
        document = problem(self, self.move(identity, "accepted"), 409, "GUARD_UNMET")
        self.assertEqual([fault["code"] for fault in document["errors"]], ["DISTINCT_PERSON"])
        problem(self, self.move(identity, "accepted", client=self.sender), 403)
        self.assertEqual(self.in_force(identity), [])

        job = self.begin(load(months), hold=True)
        identity = job["contribution_id"]
        stale = self.manager.get(f"/api/v1/contributions/{identity}").header("ETag")
        self.assertEqual(self.move(identity, "validated", client=self.sender).status, 200)
        problem(self, self.manager.post(f"/api/v1/contributions/{identity}/moves", {"to": "accepted"}), 428)
        problem(self, self.move(identity, "accepted", etag=stale), 412)
        done = self.move(identity, "accepted")
        self.assertEqual((done.status, done.json()["state"]), (200, "accepted"), done)
        recorded(self, done)
        self.assertEqual(self.in_force(identity), [1] * 12)
        batch = self.batch(identity)
        self.assertNotEqual(batch["submitted_by"], batch["accepted_by"])
        problem(self, self.move(identity, "rejected", reason="دیر است"), 409, "NO_SUCH_MOVE")

    def test_two_who_sent_the_same_rows(self):
        months = self.year()
        first = self.begin(load(months), hold=True)["contribution_id"]
        second = self.begin(load(months), hold=True)["contribution_id"]
        for identity in (first, second):
            self.assertEqual(self.move(identity, "validated").status, 200)
        self.assertEqual(self.move(first, "accepted").status, 200)
        problem(self, self.move(second, "accepted"), 409, "DUPLICATE")
        self.assertEqual((self.batch(second)["state"], self.in_force(second)), ("validated", []))
        self.assertEqual(self.move(second, "rejected", reason="دوباره فرستاده شد").status, 200)

    def test_twins_that_are_steps_apart_are_named(self):
        months = [f"{year}-{month:02}" for year in range(1600, 1600 + 200) for month in range(1, 13)]
        rows = "".join(f"H-0001,TWIN-{n // len(months)},{months[n % len(months)]},1,1,0,0,0,1,1\n" for n in range(41_000))
        job = self.begin((HEAD + rows + f"H-0001,TWIN-0,{months[0]},1,1,0,0,0,1,1\n").encode(), hold=True, accept="valid_rows")
        self.assertEqual((job["state"], job["rows_ok"], job["rows_rejected"]), ("done", 41_000, 1), job)
        wrong = self.manager.get(f"/api/v1/imports/{job['id']}/errors").json()["items"]
        self.assertEqual([(fault["row"], fault["code"]) for fault in wrong], [(41_002, "DUPLICATE_ROW")])
        self.assertEqual(self.move(job["contribution_id"], "rejected", reason="آزمون").status, 200)

    # ---- reject ----------------------------------------------------------------------------------------------

    def test_rejected_with_a_reason_and_never_in_force(self):
        job = self.begin(load(self.year()), hold=True)
        identity = job["contribution_id"]
        problem(self, self.move(identity, "rejected"), 422)
        problem(self, self.move(identity, "validated", reason="چرا"), 422)
        problem(self, self.move(identity, "rejected", reason="a\u202eb"), 422)
        problem(self, self.move(identity, "rejected", client=self.sender, reason="نه"), 403)
        done = self.move(identity, "rejected", reason="آمار شعبه ناقص است")
        self.assertEqual((done.status, done.json()["state"]), (200, "rejected"), done)
        batch = self.batch(identity)
        self.assertEqual((batch["reason"], batch["accepted_by"]), ("آمار شعبه ناقص است", None))
        self.assertEqual(self.in_force(identity), [])
        self.assertNotIn("آمار", self.stack.sql(f"select encode(reason, 'escape') from sanjeh.contribution where id = '{identity}'"))
        for to in ("validated", "accepted", "published"):
            problem(self, self.move(identity, to), 409, "NO_SUCH_MOVE")
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.workload_fact where contribution_id = '{identity}'"), "12",
                         "what was sent is kept")

    # ---- supersede -------------------------------------------------------------------------------------------

    def test_a_successor_keeps_what_it_replaces(self):
        months = self.year()
        first = self.begin(load(months))["contribution_id"]
        job = self.begin(load(months, 2))
        self.assertEqual((job["state"], job["failure"], job["rows_rejected"]), ("failed", "ROWS_REJECTED", 12))
        job = self.begin(load(months, 2), supersedes=first)
        self.assertEqual((job["state"], job["supersedes"], job["rows_ok"]), ("done", first, 12), job)
        second = job["contribution_id"]
        old, new = self.batch(first), self.batch(second)
        self.assertEqual((old["state"], old["superseded_by"], new["state"], new["supersedes"]), ("superseded", second, "accepted", first))
        self.assertEqual((self.in_force(first), self.in_force(second)), ([], [2] * 12))
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.workload_fact where contribution_id = '{first}' and filed = 1"), "12")
        refused = self.sender.post("/api/v1/imports", {"kind": "workload", "format": "csv", "supersedes": first})
        problem(self, refused, 409, "CONFLICT")
        refused = self.sender.post("/api/v1/imports", {"kind": "workload", "format": "csv", "supersedes": str(uuid.uuid4())})
        problem(self, refused, 404)
        for member in ({"hold": True}, {"supersedes": second}):
            problem(self, self.manager.post("/api/v1/imports", {"kind": "roster", "format": "csv", **member}), 422)

    def test_a_held_successor_leaves_the_former_in_force_until_accepted(self):
        months = self.year()
        first = self.begin(load(months))["contribution_id"]
        put_aside = self.begin(load(months, 3), supersedes=first, hold=True)["contribution_id"]
        second = self.begin(load(months, 2), supersedes=first, hold=True)["contribution_id"]
        self.assertEqual((self.in_force(first), self.in_force(second)), ([1] * 12, []))
        self.assertEqual(self.move(put_aside, "rejected", reason="عدد دیگری درست است").status, 200)
        self.assertEqual(self.in_force(first), [1] * 12)
        self.assertEqual(self.move(second, "validated").status, 200)
        self.assertEqual(self.move(second, "accepted").status, 200)
        self.assertEqual((self.in_force(first), self.in_force(second)), ([], [2] * 12))
        self.assertEqual(self.batch(first)["superseded_by"], second)
        third = self.sender.post("/api/v1/contributions", {"kind": "workload", "format": "csv", "data": load(months, 4).decode(),
                                                             "supersedes": second, "hold": True})
        self.assertEqual((third.status, third.json()["state"]), (201, "received"), third)
        self.assertEqual(self.in_force(second), [2] * 12)

    def test_a_faulty_successor_changes_nothing(self):
        months = self.year()
        first = self.begin(load(months))["contribution_id"]
        bad = load(months, 2) + b"H-0001,HELD-1,1999-01,1,1,0,0,0,1,9\n"
        job = self.begin(bad, supersedes=first)
        self.assertEqual((job["state"], job["failure"]), ("failed", "ROWS_REJECTED"))
        self.assertEqual((self.batch(first)["state"], self.in_force(first)), ("accepted", [1] * 12))
        job = self.begin(bad, supersedes=first, accept="valid_rows")
        self.assertEqual((job["state"], job["rows_ok"], job["rows_rejected"]), ("done", 12, 1))
        self.assertEqual(self.in_force(job["contribution_id"]), [2] * 12)

    # ---- the database says the same --------------------------------------------------------------------------

    def as_application(self, statement):
        """What a bug or an injection could do: the server's role under a genuine context of the unit."""
        return self.stack.sql(f"""select set_config('sanjeh.context', c.text || '.' || encode(sha256(k.outer_pad ||
            sha256(k.inner_pad || convert_to(c.text, 'UTF8'))), 'hex'), false) from sanjeh.context_key k,
            (select 'v1.' || extract(epoch from now() + interval '1 minute')::int8 || '.' || id as text from sanjeh.unit where code = 'HRD') c;
            set role sanjeh_app; {statement}""", check=False).stderr

    def test_the_database_refuses_the_same_moves(self):
        waiting = self.begin(load(self.year()), hold=True)["contribution_id"]
        there = f"where id = '{waiting}'"
        for change in ("state = 'accepted', accepted_by = gen_random_uuid()", "state = 'published'", "state = 'superseded'"):
            self.assertIn("a batch does not go from", self.as_application(f"update sanjeh.contribution set {change} {there}"))
        self.assertEqual(self.move(waiting, "validated").status, 200)
        self.assertIn("is accepted by another person",
                      self.as_application(f"update sanjeh.contribution set state = 'accepted', accepted_by = submitted_by {there}"))
        self.assertIn("is accepted by another person", self.as_application(f"update sanjeh.contribution set state = 'accepted' {there}"))


if __name__ == "__main__":
    unittest.main()
