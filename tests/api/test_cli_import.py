# SPDX-License-Identifier: Apache-2.0
"""Does `sanjeh import` bring a file in as a person would, name every refused row, and go on after any stop?

Few sign-ins an account, because a code works once."""

import itertools
import os
import signal
import subprocess
import time
import unittest
import uuid

from stack import Stack, run

HEAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end\n"
PEOPLE = 6  # two codes each: of the step before and of the present one


class CliImport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.manager", "security.officer"))
        cls.stack.add_accounts({f"cli.{n}": ("HRD", "-", "unit-contributor", f"کارشناس {n}") for n in range(PEOPLE)})
        cls.free = [f"cli.{n}" for n in range(PEOPLE)] * 2
        cls.manager = cls.stack.client("hrd.manager")
        sent = cls.manager.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "data":
                                                           "personnel_number,name\nC-0001,مریم یزدی\nC-0002,علی کاظمی\n"})
        assert sent.status == 201, sent

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def file(self, text, suffix=".csv"):
        path = self.stack.folder / f"{uuid.uuid4()}{suffix}"
        path.write_text(text, encoding="utf-8")
        return path

    years = itertools.count(1300)

    def month(self):
        """One that no other test of this server uses."""
        return f"{next(self.years)}-04"

    def begin(self, *args, user=None, password=None, ca=None, digits=None):
        """The program, running; password and code on its standard input."""
        user = user or self.free.pop()
        command = [self.stack.build / "server/sanjeh", "import", "--url", f"https://localhost:{self.stack.port}", "--user", user,
                   "--ca", ca or self.stack.ca_file, *args]
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, encoding="utf-8", env={"PATH": os.environ["PATH"]})
        secret = password or self.stack.accounts[user]["password"]
        process.stdin.write(f"{secret}\n{digits or self.stack.book(user).next_code()}\n")
        process.stdin.flush()
        return process

    def ended(self, process, code):
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, out + err)
        return out, err

    def cli(self, code, *args, **kw):
        return self.ended(self.begin(*args, **kw), code)

    def import_id(self, err):
        return next(line.split()[1] for line in err.splitlines() if line.startswith("import "))

    def batch_of(self, err):
        return self.manager.get(f"/api/v1/imports/{self.import_id(err)}").json()

    # ---- the way in -------------------------------------------------------------------------------------------

    def test_a_file_is_checked_then_written(self):
        path = self.file(HEAD + "".join(f"C-000{n},CLI-1,{self.month()},1,1,0,0,0,1,1\n" for n in (1, 2)))
        out, err = self.cli(0, "--kind", "workload", "--dry-run", path)
        self.assertEqual(out, "")
        job = self.batch_of(err)
        self.assertEqual((job["state"], job["dry_run"], job["contribution_id"], job["rows_ok"]), ("done", True, None, 2))
        self.assertIn(f"--resume {job['id']}", err)
        out, err = self.cli(0, "--resume", job["id"], path)
        done = self.batch_of(err)
        self.assertEqual((done["id"], done["dry_run"], done["rows_ok"]), (job["id"], False, 2))
        batch = self.manager.get(f"/api/v1/contributions/{done['contribution_id']}").json()
        self.assertIn(f"SHA-256 {batch['file_sha256']}", err)
        self.assertIn(f"--supersedes {batch['id']}", err)
        out, err = self.cli(0, "--kind", "workload", "--hold", "--supersedes", batch["id"], path)
        held = self.batch_of(err)
        self.assertEqual((held["hold"], held["supersedes"]), (True, batch["id"]))
        self.assertIn(f"/api/v1/contributions/{held['contribution_id']}/moves", err)

    def test_each_refused_row_is_named(self):
        month = self.month()
        rows = f"C-0001,CLI-2,{month},1,1,0,0,0,1,1\nC-9999,CLI-2,{month},1,1,0,0,0,1,1\nC-0002,CLI-2,{month},1,x,0,0,0,1,1\n"
        path = self.file(HEAD + rows)
        out, err = self.cli(1, "--kind", "workload", path)
        self.assertEqual([line.split("\t")[:3] for line in out.splitlines()],
                         [["3", "judge", "UNKNOWN_JUDGE"], ["4", "filed", "NOT_A_NUMBER"]])
        self.assertIn("ROWS_REJECTED", err)
        out, err = self.cli(1, "--kind", "workload", "--accept", "valid_rows", path)
        self.assertEqual(len(out.splitlines()), 2)
        self.assertEqual(self.batch_of(err)["rows_ok"], 1)

    # ---- who may not ------------------------------------------------------------------------------------------

    def test_wrong_factors_and_a_wrong_authority(self):
        path = self.file(HEAD + f"C-0001,CLI-3,{self.month()},1,1,0,0,0,1,1\n")
        before = self.stack.sql("select count(*) from sanjeh.import_job")
        out, err = self.cli(3, "--kind", "workload", path, user="hrd.manager", password="not the password", digits="000000")
        self.assertIn("LOGIN_FAILED", err)
        out, err = self.cli(3, "--kind", "workload", path, user="hrd.manager", digits="12345")
        self.assertIn("LOGIN_FAILED", err)
        other = self.stack.folder / "other-ca.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=somebody else", "-keyout", self.stack.folder / "other.key", "-out", other)
        signs = "select count(*) from sanjeh.login_challenge"
        challenges = self.stack.sql(signs)
        out, err = self.cli(6, "--kind", "workload", path, user="hrd.manager", ca=other, digits="000000")
        self.assertIn("certificate", err)
        self.assertEqual(self.stack.sql(signs), challenges, "no password has left")
        out, err = self.cli(6, "--kind", "workload", path, user="hrd.manager", ca=path, digits="000000")
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.import_job"), before)

    def test_what_the_person_may_not_the_program_may_not(self):
        path = self.file("personnel_number,name\nC-0003,رضا نوری\n")
        out, err = self.cli(3, "--kind", "roster", path)
        self.assertIn("FORBIDDEN", err)

    def test_usage(self):
        program = self.stack.build / "server/sanjeh"
        for args in ((), ("--kind", "workload"), ("--url", "https://localhost", "--user", "a", "--kind", "workload", "data"),
                     ("--url", "https://localhost", "--user", "a", "--kind", "workload", "--part-bytes", "1", "a.csv"),
                     ("--url", "https://localhost", "--user", "a", "--kind", "workload", "--password", "x", "a.csv")):
            self.assertEqual(run(program, "import", *args, check=False).returncode, 2, args)
        self.assertEqual(run(program, "import", "--url", "http://localhost", "--user", "a", "--kind", "workload",
                             self.file("x"), check=False).returncode, 2)
        self.assertEqual(run(program, "import", "--help").returncode, 0)

    # ---- stops ------------------------------------------------------------------------------------------------

    def big(self):
        months = [f"{year}-{month:02}" for year in range(1300, 1590) for month in range(1, 13)]
        court = f"BIG-{uuid.uuid4().hex[:6].upper()}"
        return self.file(HEAD + "".join(f"C-0001,{court}-{n // len(months)},{months[n % len(months)]},1,1,0,0,0,1,1\n"
                                        for n in range(30_000)))

    def seen(self, process, word):
        """Reads its progress until a line has the word; all that was read."""
        text = ""
        while word not in text:
            line = process.stderr.readline()
            self.assertTrue(line, text)
            text += line
        return text

    def test_it_goes_on_after_it_was_killed(self):
        path = self.big()
        process = self.begin("--kind", "workload", "--part-bytes", "65536", path)
        text = self.seen(process, "uploading: 1")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        identity = self.import_id(text)
        job = self.manager.get(f"/api/v1/imports/{identity}").json()
        self.assertEqual(job["state"], "uploading")
        self.assertTrue(0 < job["bytes"] < path.stat().st_size)
        process = self.begin("--resume", identity, "--part-bytes", "65536", path)
        first = self.seen(process, "uploading: ").splitlines()[-1]
        self.assertGreater(int(first.split()[1]), 10, "it did not begin anew")
        out, err = self.ended(process, 0)
        job = self.manager.get(f"/api/v1/imports/{identity}").json()
        self.assertEqual((job["state"], job["bytes"], job["rows_ok"]), ("done", path.stat().st_size, 30_000))

    def test_it_waits_for_a_server_that_comes_back_and_stops_when_told(self):
        path = self.big()
        process = self.begin("--kind", "workload", "--part-bytes", "65536", path)
        self.seen(process, "uploading: 1")
        self.stack.kill9()
        time.sleep(1)
        self.stack.start()
        self.stack.wait_ready()
        type(self).manager = self.stack.client("hrd.manager")
        self.manager.close()
        out, err = self.ended(process, 0)
        self.assertIn("30000 rows, 30000 good", err)
        again = self.big()
        process = self.begin("--kind", "workload", "--part-bytes", "65536", again)
        text = self.seen(process, "uploading: 1")
        process.send_signal(signal.SIGINT)
        out, err = self.ended(process, 6)
        self.assertIn(f"--resume {self.import_id(text)}", err)

    def test_another_file_under_the_same_import_is_refused(self):
        path = self.file(HEAD + f"C-0001,CLI-4,{self.month()},1,1,0,0,0,1,1\n")
        out, err = self.cli(0, "--kind", "workload", "--dry-run", path)
        longer = self.file(path.read_text() + f"C-0002,CLI-4,{self.month()},1,1,0,0,0,1,1\n")
        out, again = self.cli(5, "--resume", self.import_id(err), longer)
        self.assertIn("another file", again)


if __name__ == "__main__":
    unittest.main()
