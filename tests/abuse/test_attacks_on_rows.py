# SPDX-License-Identifier: Apache-2.0
"""A database superuser changes rows of the record under a running server (AUDIT 4.1, attacks 1, 2, 8 and 12). The panel is asked who speaks:
those who are named here, each with what it has to say, and nobody else. Every damage is undone, and then the panel is silent."""

import concurrent.futures
import unittest

from panel import Panel, wait_for

FLIP = "set_byte(entry, 150, get_byte(entry, 150) # 1)"
READ = ["audit.entry.contradicted", "http.request.failed"]  # the server's log when an officer was refused an entry
CHANGED = "entries that are not what was signed are left out"


def swapped(first, second):
    return "".join(f"update sanjeh.audit_entry set idx = {to} where idx = {place};"
                   for place, to in ((first, -1), (second, first), (-1, second)))


class RowCase(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.panel = Panel.own()
        try:
            cls.fill()
        except BaseException:
            cls.panel.destroy()
            raise

    @classmethod
    def fill(cls):
        """One full tile of leaves and a part of the next one, of both units, with payloads. Many at once, so that some batches have several."""
        for _ in range(5):
            cls.panel.stack.client("sit.manager").get("/api/v1/me")
        token = cls.panel.stack.client("hrd.manager").token

        def ask(_):
            client = cls.panel.stack.anonymous(token=token)
            found = [int(client.get("/api/v1/me").header("Audit-Index")) for _ in range(40)]
            client.close()
            return found
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            cls.marks = sorted(index for found in pool.map(ask, range(8)) for index in found)
        for number in range(3):
            cls.panel.officer.get(f"/api/v1/audit/entries?unit=HRD&limit=1&reason=a%20reason%20of%20number%20{number}")
        found = cls.panel.pin()
        assert found == {}, found

    @classmethod
    def tearDownClass(cls):
        cls.panel.destroy()

    def attack(self, sql, expected, **question):
        """Past every trigger; what speaks is exactly what is expected, and nothing after the undoing."""
        self.panel.superuser(sql)
        try:
            found = self.panel.ask(**question)
        finally:
            self.panel.undo()
            after = self.panel.pin()
        self.assertEqual(found, expected, sql)
        self.assertEqual(after, {}, "after the undoing")

    def around(self, place):
        """A search by the actor's unit that has the place, and entries beside it."""
        return {"entries": (place - 1, place, place + 1), "query": f"unit=HRD&from={place - 3}&to={place + 4}"}


class Rows(RowCase):
    def test_attack_00_nobody_speaks_without_an_attack(self):
        self.assertEqual(self.panel.ask(entries=(0, self.marks[5])), {})
        self.assertEqual(self.panel.officer.get(f"/api/v1/audit/entries/{10 ** 9}").status, 404, "beyond the tree is no tampering")

    def test_attack_01_a_deleted_row(self):
        place = self.marks[100]
        self.attack(f"delete from sanjeh.audit_entry where idx = {place}",
                    {"entries": {place: "LOG_TAMPERED"}, "search": {"contradicted": [place], "gap": CHANGED, "complete": False},
                     "units": {"HRD": "LOG_TAMPERED"}, "verifier": (1, place, "the entry was removed"),
                     "scrubber": (2, place, "the entry is missing"), "log": READ}, **self.around(place))

    def oldest(self):
        """The platform's first entry: it has a next one, and it is of no unit."""
        return int(self.panel.stack.sql("select min(idx) from sanjeh.audit_entry where substring(entry from 99 for 16) = decode(repeat('00', 16), 'hex')"))

    def test_attack_01_an_edited_row_of_the_oldest(self):
        """Units' records say nothing. The scrubber's second finding is that the platform's next entry does not continue it."""
        place = self.oldest()
        self.attack(f"update sanjeh.audit_entry set entry = {FLIP} where idx = {place}",
                    {"entries": {place: "LOG_TAMPERED"}, "verifier": (1, place, "the entry does not give its leaf hash in the tile"),
                     "scrubber": (2, place, "the entry does not give its leaf hash"), "log": READ}, entries=(place, place + 1, place + 2))

    def test_attack_01_an_edited_row_of_the_last_with_its_leaf_hash(self):
        """The newest that people outside have seen: who was there is sure of more than the verifier, which knows the batch."""
        place = self.panel.last
        first = int(self.panel.stack.sql(f"select max(size) from sanjeh.audit_checkpoint where size <= {place}"))
        batch = f"entries {first} to {place} do not give the root "
        self.attack(f"update sanjeh.audit_entry set entry = {FLIP}, leaf_hash = sha256('\\x00'::bytea || {FLIP}) where idx = {place}",
                    {"entries": {place: "LOG_TAMPERED"}, "verifier": (1, first, batch + "that was signed then"),
                     "since": (1, first, batch + "of the checkpoint given by --since: rewritten or forked"),
                     "state": (1, place, "the entry is not the one that the run before has checked"),
                     "scrubber": (2, None, f"the entries do not give the root of the note of {place + 1}"), "log": READ},
                    entries=(place - 1, place))

    def test_attack_01_rows_put_in(self):
        """Where no entry can be, before the first and far behind the last: nobody can read them, so nobody but the scrubber sees them."""
        place = self.marks[7]
        for index in (-1, 100000):
            self.attack(f"insert into sanjeh.audit_entry select {index}, entry, leaf_hash from sanjeh.audit_entry where idx = {place}",
                        {"scrubber": (1, None, "entries stand outside of the log")}, **self.around(place))

    def test_attack_01_an_edited_tile(self):
        """The hash of one entry. What climbs through that tile cannot be proven; what lies beside it can."""
        place = self.oldest()
        at = f"hashes, {32 * place + 10}"
        cause = "the entry does not give its leaf hash in the tile"
        self.attack(f"update sanjeh.audit_tile set hashes = set_byte({at}, get_byte({at}) # 1) where level = 0 and n = 0",
                    {"entries": {place: "LOG_TAMPERED"}, "proofs": {place: "LOG_TAMPERED"}, "units": {"HRD": "LOG_TAMPERED", "SIT": "LOG_TAMPERED"},
                     "verifier": (1, place, cause), "state": (1, None, "tile 1/0 is not what the entries give"), "scrubber": (3, place, cause),
                     "log": sorted(["audit.proof.contradicted", *READ])}, entries=(place, 300))

    def test_attack_02_two_swapped_rows(self):
        first, second = self.marks[50], self.marks[51]
        self.attack(swapped(first, second),
                    {"entries": {first: "LOG_TAMPERED", second: "LOG_TAMPERED"},
                     "search": {"contradicted": [second, first], "gap": CHANGED, "complete": False}, "units": {"HRD": "LOG_TAMPERED"},
                     "verifier": (1, first, "the entry does not give its leaf hash in the tile"),
                     "scrubber": (3, first, "the entry does not give its leaf hash in the tile"), "log": READ},
                    entries=(first - 1, first, second, second + 1), query=f"unit=HRD&from={first - 2}&to={second + 3}")

    def test_attack_02_a_reordered_batch(self):
        """Rows of one signed batch, turned by one place."""
        batch = self.panel.stack.sql("select before, size - 1 from (select size, lag(size) over (order by size) as before from "
                                     f"sanjeh.audit_checkpoint) n where size - before >= 3 and before > {self.marks[8]} and size <= 256 limit 1")
        first, last = map(int, batch.split("|"))
        rows = list(range(first, last + 1))
        turn = "".join(f"update sanjeh.audit_entry set idx = {-1 - place} where idx = {place};" for place in rows)
        turn += "".join(f"update sanjeh.audit_entry set idx = {to} where idx = {-1 - place};" for place, to in zip(rows, rows[1:] + rows[:1]))
        refused = {place: "LOG_TAMPERED" for place in rows}
        self.attack(turn, {"entries": refused, "search": {"contradicted": rows[::-1], "gap": CHANGED, "complete": False},
                           "units": {"HRD": "LOG_TAMPERED"}, "verifier": (1, first, "the entry does not give its leaf hash in the tile"),
                           "scrubber": (len(rows) + 1, first, "the entry does not give its leaf hash in the tile"), "log": READ},
                    entries=(first - 1, *rows, last + 1), query=f"unit=HRD&from={first}&to={last + 1}")

    def test_attack_08_an_entry_moved_to_another_unit(self):
        """Its bytes with the other unit's tag, and the leaf hash with them: both units' records miss something, the one its own, the other a proof."""
        place = self.marks[60]
        tag = self.panel.stack.sql("select encode(uuid_send(audit_tag), 'hex') from sanjeh.unit where code = 'SIT'")
        moved = f"overlay(entry placing '\\x{tag}'::bytea from 99 for 16)"
        self.attack(f"update sanjeh.audit_entry set entry = {moved}, leaf_hash = sha256('\\x00'::bytea || {moved}) where idx = {place}",
                    {"entries": {place: "LOG_TAMPERED"}, "search": {"contradicted": [place], "gap": CHANGED, "complete": False},
                     "units": {"HRD": "LOG_TAMPERED", "SIT": "LOG_TAMPERED"},
                     "verifier": (1, place, "the entry does not give its leaf hash in the tile"),
                     "scrubber": (2, place, "the entry does not give its leaf hash in the tile"), "log": READ}, **self.around(place))

    def test_attack_08_swapped_payloads(self):
        """Each opens at its own place alone; the entries commit to them. They are sealed: the scrubber, who has no right to open them, is silent."""
        first, second = map(int, self.panel.stack.sql("select idx from sanjeh.audit_payload order by idx limit 2").split())
        self.attack("".join(f"update sanjeh.audit_payload set idx = {to} where idx = {place};"
                            for place, to in ((first, 10 ** 9), (second, first), (10 ** 9, second))),
                    {"payloads": {first: "contradicted", second: "contradicted"},
                     "verifier": (1, first, "the payload is not the one that the entry commits to"), "log": ["audit.payload.contradicted"]},
                    entries=(first, second))

    def test_attack_12_hits_hidden_in_the_index(self):
        """The pages in which an entry stands are taken out: each search by one of its terms says that it is not whole, as do the signed counts."""
        place, officer = self.marks[30], self.panel.officer
        actor = f"actor={self.panel.stack.accounts['hrd.manager']['id']}"

        def counted():
            """Once the counts of a whole day that has the entry are signed, and the index has followed."""
            answer = officer.get("/api/v1/audit/entries?unit=HRD&counts=all&reason=a%20monthly%20control").json()["coverage"]
            return answer["complete"] and [day for day in answer["counts"]["days"] if day["from"] <= place < day["to"] and day["found"]]
        self.assertEqual(officer.post("/api/v1/audit/exports", {"unit": "HRD"}).status, 200)
        wait_for(counted, "the day's counts are signed and compared")
        self.assertEqual(self.panel.pin(), {})
        self.panel.superuser(f"delete from sanjeh.audit_run where run_from <= {place} and run_to > {place}")
        hidden = {"gap": "all pages of the index are missing", "complete": False}
        try:
            self.assertEqual(self.panel.heard_search(actor), {"search": hidden})
            self.assertEqual(self.panel.heard_search("action=self:read"), {"search": {**hidden, "counts": False}})
            found = self.panel.ask(entries=(place,), query="unit=HRD&counts=all")
            found["log"] = [event for event in found["log"] if event != "audit.index.broken"]  # its worker, if it has come there yet
            self.assertEqual(found, {"search": {**hidden, "counts": False}, "log": ["audit.counts.contradict"]})
            compared = officer.get("/api/v1/audit/index?compare=true").json()["comparison"]
            self.assertGreaterEqual(compared["missing"], 4)
        finally:
            self.assertEqual(officer.post("/api/v1/audit/index/rebuild").status, 202)
            wait_for(lambda: self.panel.heard_search(actor) == {}, "the index was made anew")
        compared = officer.get("/api/v1/audit/index?compare=true").json()
        self.assertEqual((compared["state"], compared["comparison"]["missing"], compared["comparison"]["wrong"]), ("following", 0, 0))


if __name__ == "__main__":
    unittest.main()
