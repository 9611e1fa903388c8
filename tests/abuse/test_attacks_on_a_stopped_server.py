# SPDX-License-Identifier: Apache-2.0
"""The database, or a file beside it, is changed while no server runs (AUDIT 4.1, attacks 3 to 6, 25 and 26): as superuser of the database, in 6 and 25
as root on the host. Asked are those who can be: the start, the verifier with and without what was known before, the scrubber; of a server that may
start, the whole panel."""

import shutil
import unittest

from forged_tree import Forger
from panel import Panel, run

OLDER = "stale: the checkpoint is older than the one "


class StoppedServer(unittest.TestCase):
    """The server is stopped between two tests, and everything is as it was."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.panel = Panel.own()
        try:
            cls.stack = cls.panel.stack
            cls.stack.is_tampered = True  # attack 6 has a server answer on a database that is then put back
            for name, count in (("sit.manager", 5), ("hrd.manager", 270)):
                for _ in range(count):
                    cls.stack.client(name).get("/api/v1/me")
            cls.panel.officer.get("/api/v1/audit/entries?unit=HRD&limit=1&reason=a%20monthly%20control")
            for _ in range(30):
                cls.stack.client("hrd.manager").get("/api/v1/me")
            cls.keys = cls.stack.folder / "keys"
            cls.panel.stop()
        except BaseException:
            cls.panel.destroy()
            raise

    @classmethod
    def tearDownClass(cls):
        try:
            cls.panel.events = len(cls.panel.said())
            assert cls.panel.refusal() is None, "after all undoing the server starts"
            found = cls.panel.ask(entries=(0, cls.panel.last))
            assert found == {}, found
        finally:
            cls.panel.destroy()

    def refused(self, sql, expected):
        """The start is refused, with these words; the others say this; and after the undoing nobody says anything."""
        self.panel.superuser(sql)
        try:
            found = self.panel.ask_stopped()
        finally:
            self.panel.undo_stopped()
        self.assertEqual(found, expected)
        self.assertEqual(self.panel.rest(), {}, "after the undoing")

    def test_attack_01_the_last_row_deleted(self):
        size = self.panel.size()
        self.refused(f"delete from sanjeh.audit_entry where idx = {size - 1}",
                     {"verifier": (1, size - 1, "the entry was removed"), "scrubber": (1, size - 1, "the entry is missing"),
                      "start": ("LOG_TAMPERED", f"an entry is missing at index {size - 1}")})

    def test_attack_03_everything_made_anew_from_a_changed_entry(self):
        """It fits in itself; what contradicts is signed, and what the keeper remembers."""
        place, size = self.panel.last - 40, self.panel.size()
        first, end = map(int, self.stack.sql("select (select max(size) from sanjeh.audit_checkpoint where size <= {0}), (select min(size) from "
                                             "sanjeh.audit_checkpoint where size > {0})".format(place)).split("|"))
        self.refused(Forger(self.panel).rewrite(place),
                     {"verifier": (1, first, f"entries {first} to {end - 1} do not give the root that was signed then"),
                      "scrubber": (1, None, f"the entries do not give the root of the note of {end}"),
                      "start": ("LOG_TAMPERED", f"the log in the database has another root than was signed (database {size}, signed {size})")})

    def test_attack_03_another_root(self):
        """The head alone: those who read entries and notes need no head."""
        self.refused("update sanjeh.audit_head set root = sha256('forged'::bytea)",
                     {"start": ("LOG_TAMPERED", f"the head's frontier does not give its root (database {self.panel.size()}, signed 0)")})

    def test_attack_25_the_recorder_deleted(self):
        self.taken("recorder", {"start": ("LOG_TAMPERED", "the recorder beside the database is missing, or is not this server's: "
                                          "see docs/AUDIT.md, The recorder")})

    def test_attack_25_the_signers_state_deleted(self):
        self.taken("signer/state", {"start": ("LOG_TAMPERED", "the signer's memory is missing, and this server has written here before "
                                              f"(database {self.panel.size()}, signed 0)")})

    def taken(self, name, expected):
        """A file that is not there when the server starts; everything else is whole, and nobody but the start can miss it."""
        path, kept = self.keys / name, self.stack.folder / "taken"
        shutil.rmtree(kept, ignore_errors=True)
        run("cp", "-a", path.parent, kept)
        path.unlink()
        try:
            found = self.panel.ask_stopped()
        finally:
            run("cp", "-a", f"{kept}/.", path.parent)
            self.panel.undo_stopped()
        self.assertEqual(found, expected)
        self.assertEqual(self.panel.rest(), {}, "after the undoing")

    def test_attack_26_growth_that_nobody_signed(self):
        """One more entry behind the last, with chain, tiles and head: everything but a batch of ours."""
        size = self.panel.size()
        self.refused(Forger(self.panel).grow(), {
            "start": ("LOG_TAMPERED", f"the unsigned tail is not a batch of ours (database {size + 1}, signed {size})")})

    def payload(self):
        return int(self.stack.sql("select max(idx) from sanjeh.audit_payload"))

    def test_attack_04_a_cut_tail_with_a_lower_head(self):
        """The notes of the greater trees stand there. The alarm is the scrubber's, whose finding a server reads when it runs again. The server has
        the tail in its recorder, byte for byte, but for the payload, of which there is one copy: that it is lost is told."""
        payload, total = self.payload(), self.panel.size()
        size = int(self.stack.sql(f"select max(size) from sanjeh.audit_checkpoint where size <= {payload}"))
        self.panel.superuser(Forger(self.panel).cut(size, notes=False))
        self.panel.events = len(self.panel.said())
        try:
            found, after = self.panel.ask_stopped(), self.panel.ask(entries=(0, payload, self.panel.last))
        finally:
            self.panel.superuser(f"insert into sanjeh.audit_payload (idx, content) select idx, content from kept.payload where idx = {payload}")
            self.panel.stop()
        self.assertEqual(found, {"verifier": (1, size, "the entry was removed"), "scrubber": (total - size + 1, size, "the entry is missing")})
        self.assertEqual(after, {
            "payloads": {payload: "gone"}, "verifier": (2, payload, "the entry's payload is missing and nothing says that it was destroyed"),
            "scrubber": (1, payload, "the payload is missing and no entry says that it was erased"),
            "alarms": [("scrub", "what=the entry is missing")], "log": ["audit.tail.put_back"]})

    def test_attack_05_an_older_record_with_its_notes(self):
        """It is whole and signed: only who has seen more than it has can tell, or who asks how old it is. (What a start does: attacks 4 and 6.)"""
        size = int(self.stack.sql(f"select min(size) from sanjeh.audit_checkpoint where size > {self.payload()}"))
        seen = self.panel.witness.copy(self.panel.origin)[1].decode().split("\n")[1]
        self.panel.superuser(Forger(self.panel).cut(size, notes=True))
        try:
            found, bundle = self.panel.rest(), self.panel.export_stopped()
            asked = self.panel.verify(bundle, "--witnesses", "--ca", self.stack.ca_file)
            aged = self.panel.verify(bundle, "--max-age", "1")
        finally:
            self.panel.undo_stopped()
        self.assertEqual(asked, (2, size, f"stale: the log ends before the tree of size {seen} that witness w.example has seen"))
        self.assertEqual((aged[0], aged[2].split(":")[0]), (2, "stale"), aged)
        self.assertEqual(found, {"since": (2, size, OLDER + "given by --since"), "state": (2, size, OLDER + "that the run before has seen")})
        self.assertEqual(self.panel.rest(), {}, "after the undoing")

    # ---- 6 ----

    def copy(self, name):
        """Of everything that a restore can bring back."""
        self.stack.cluster("stop")
        for path in self.places:
            target = self.stack.folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            run("cp", "-a", "--reflink=auto", self.stack.folder / path, target)
        self.stack.cluster("start")

    def restore(self, name, *paths):
        self.stack.cluster("stop")
        for path in paths:
            run("rm", "-rf", self.stack.folder / path)
            run("cp", "-a", "--reflink=auto", self.stack.folder / name / path, self.stack.folder / path)
        self.stack.cluster("start")

    places = ("pg/data", "keys/recorder", "keys/signer")

    def test_attack_06_an_older_database(self):
        """With its recorder it is refused; with the signer's state as well only those outside know more; alone it is completed from the recorder."""
        self.copy("older")
        self.stack.start()
        for _ in range(80):
            self.stack.client("hrd.manager").get("/api/v1/me")
        self.panel.stop()
        self.copy("newest")
        size, last = self.panel.size(), self.panel.last
        self.restore("older", "pg/data", "keys/recorder")
        older = self.panel.size()
        refused = self.panel.ask_stopped()
        self.restore("older", *self.places)
        self.panel.events = len(self.panel.said())
        agrees, forked = self.panel.refusal(), self.panel.ask(entries=(0, older - 1))
        self.stack.stop()
        self.restore("newest", "keys/recorder", "keys/signer")
        self.restore("older", "pg/data")
        self.panel.events = len(self.panel.said())
        completed, after = self.panel.refusal(), self.panel.ask(entries=(0, last))
        self.panel.stop()
        told = {"since": (2, older, OLDER + "given by --since"), "state": (2, older, OLDER + "that the run before has seen")}
        self.assertEqual(refused, {
            **told, "start": ("LOG_ROLLED_BACK", f"the log in the database is older than what was signed (database {older}, signed {size})")})
        self.assertIsNone(agrees, "database, recorder and signer agree")
        self.assertEqual({who: (forked[who][0], forked.pop(who)[2]) for who in told}, {who: (2, cause) for who, (_, _, cause) in told.items()})
        self.assertGreater(forked.pop("witness"), 0)
        self.assertEqual(forked, {"alarms": [("witness", "witness=contradicts")], "log": ["alarm.raised", "publish.witness.accuses"]})
        self.assertIsNone(completed)
        self.assertEqual(after, {"log": ["audit.tail.put_back"]})


if __name__ == "__main__":
    unittest.main()
