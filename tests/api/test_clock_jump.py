# SPDX-License-Identifier: Apache-2.0
"""A jump of the wall clock by more than a second is an entry of its own and an alarm; a smaller one, and a clock that stands, are not."""

import os
import pathlib
import shutil
import struct
import tempfile
import time
import unittest

from alarm_case import told
from stack import Stack


class ClockJump(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sanjeh-clock-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.offset(0)
        cls.stack = Stack.own(env={"LD_PRELOAD": str(pathlib.Path(os.environ["SANJEH_BUILD"]) / "tests/api/libfake_clock.so"),
                                   "SANJEH_FAKE_CLOCK": str(cls.folder / "offset"), "SANJEH_ALARMS_CLOCK_WINDOW_S": "604800"})
        cls.addClassCleanup(cls.stack.destroy)

    @classmethod
    def offset(cls, seconds):
        with open(cls.folder / "offset", "r+b" if (cls.folder / "offset").exists() else "wb") as out:
            out.write(struct.pack("=q", seconds))

    def entries(self):
        text = self.stack.sql("select encode(entry, 'hex') from sanjeh.audit_entry where get_byte(entry, 73) = 14 order by idx")
        return [line for line in (bytes.fromhex(row).decode("latin-1") for row in text.split()) if "clock:jump" in line]

    def test_a_jump_is_an_entry_and_an_alarm(self):
        officer = self.stack.client("security.officer")
        time.sleep(1.5)
        self.assertEqual((self.entries(), officer.items("/api/v1/audit/alarms?rule=clock")), ([], []))
        self.offset(7)
        deadline = time.time() + 40
        while not self.entries() and time.time() < deadline:
            time.sleep(0.1)
        first, = self.entries()
        self.assertRegex(first, "jump_ms=(69[0-9]{2}|70[0-9]{2})$")
        told(self, self.stack, "clock", "direction=forward")
        self.assertEqual(len(officer.items("/api/v1/audit/alarms?rule=clock")), 1)
        self.offset(0)
        deadline = time.time() + 40
        while len(self.entries()) < 2 and time.time() < deadline:
            time.sleep(0.1)
        self.assertRegex(self.entries()[1], "jump_ms=-(69[0-9]{2}|70[0-9]{2})$")
        told(self, self.stack, "clock", "direction=back")
        self.assertEqual({a["cause"] for a in officer.items("/api/v1/audit/alarms?rule=clock")}, {"direction=forward", "direction=back"})
        self.assertEqual(officer.get("/api/v1/me").status, 200)


if __name__ == "__main__":
    unittest.main()
