# SPDX-License-Identifier: Apache-2.0
"""Does a file of any length go in by parts, go on behind a kill -9 with nothing doubled and nothing lost, and name every
faulty row?

60,000 workload rows with 1 % faults of every kind and a kill -9 in the middle; a million with SANJEH_LONG=1, stopped in order once as well."""

import time
import unittest

from stack import LONG, Stack, problem, recorded

ROWS = 1_000_000 if LONG else 60_000
PART = 1_500_000  # bytes; no row ends with it
HEAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end,case_type\n"
CASES = ("CIVIL", "FAMILY", "CRIM1", "CRIM2", "LAND")
JUDGES = 200
DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")


def row(number, faulty):
    """Judge, month, case type and court by number: no two are alike."""
    judge, rest = number % JUDGES, number // JUDGES
    case, rest = CASES[rest % len(CASES)], rest // len(CASES)
    month, year = rest % 12 + 1, 1300 + rest // 12 % 290
    court = f"BULK-{rest // 12 // 290 % 50}"
    start, filed, resolved = number % 300, number % 70, number % 60
    end = start + filed - resolved
    if end < 0:
        resolved, end = 0, start + filed
    if faulty:
        end += 1
    text = f"B-{judge:04},{court},{year}-{month:02},{start},{filed},0,0,0,{resolved},{end},{case}\n"
    return text.translate(DIGITS) if number % 7 == 3 else text


def is_faulty(number):
    return number % 100 == 42


# column (empty: the whole row) and code that the import must name
FAULTS = (("", "IDENTITY_BROKEN"), ("judge", "UNKNOWN_JUDGE"), ("court", "BAD_COURT"), ("filed", "OUT_OF_RANGE"),
          ("period", "BAD_PERIOD"), ("filed", "NOT_A_NUMBER"), ("", "DUPLICATE_ROW"), ("", "WRONG_CELL_COUNT"),
          ("court", "BAD_UTF8"), ("case_type", "UNKNOWN_CASE_TYPE"), ("filed", "NOT_WHOLE"), ("", "BAD_QUOTE"),
          ("", "DUPLICATE_ROW"), ("", "TOO_MANY_CELLS"), ("judge", "BAD_PERSONNEL_NUMBER"))


def spoiled(number):
    """The row of this number as bytes, faulty in the way of its turn, and (column, code)."""
    kind = number // 100 % len(FAULTS)
    cells = row(number, False).translate(LATIN).rstrip("\n").split(",")
    if kind == 0:
        cells[9] = str(int(cells[9]) + 1)
    elif kind == 6:  # of a row of the same step, most likely
        cells = row(number - 20, False).rstrip("\n").split(",")
    elif kind == 12:  # of a row that was written long before
        cells = row(1, False).rstrip("\n").split(",")
    elif kind == 7:
        cells.append("1")
    elif kind == 13:
        cells += ["1"] * 60
    else:
        place, text = {1: (0, "NOBODY-1"), 2: (1, "C*1"), 3: (4, "-5"), 4: (2, "1404-13"), 5: (4, "12x"), 8: (1, "C\udcff1"),
                       9: (10, "NO-SUCH"), 10: (4, "1.5"), 11: (1, 'C"1'), 14: (0, "B/1")}[kind]
        cells[place] = text
    return (",".join(cells) + "\n").encode("utf-8", "surrogateescape"), FAULTS[kind]


def made(count):
    """The file, its faults as (row, column, code), and the sums of filed, resolved and pending_end of its sound rows."""
    lines, faults, sums = [HEAD.encode()], [], [0, 0, 0]
    for number in range(count):
        if is_faulty(number):
            line, fault = spoiled(number)
            faults.append((number + 2, *fault))
        else:
            line = row(number, False)
            cells = line.split(",")
            sums = [total + int(cells[place]) for total, place in zip(sums, (4, 8, 9))]
            line = line.encode()
        lines.append(line)
    return b"".join(lines), faults, sums


def peak(pid):
    """Highest resident KiB of the process so far."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])


class BulkImport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("sit.manager", "hrd.manager", "sit.analyst", "security.officer"),
                              env={"SANJEH_AUTHN_IDLE_S": "3600"})
        cls.token = cls.stack.client("sit.manager").token
        cls.hrd = cls.stack.client("hrd.manager")
        roster = "personnel_number,name\n" + "".join(f"B-{n:04},قاضي {'کريم' if n % 2 else 'كریم'}\n" for n in range(JUDGES))
        answer = cls.hrd.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "data": roster})
        assert answer.status == 201, answer

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def setUp(self):
        self.sit = self.stack.anonymous(token=self.token, timeout=120)

    def tearDown(self):
        self.sit.close()

    # ---- helpers ---------------------------------------------------------------------------------------------

    def create(self, **body):
        answer = self.sit.post("/api/v1/imports", {"kind": "workload", "format": "csv", **body})
        self.assertEqual(answer.status, 201, answer)
        recorded(self, answer)
        self.assertEqual(answer.json()["state"], "draft")
        return answer.json()["id"]

    def part(self, identity, offset, data, media="text/csv"):
        return self.sit.request("POST", f"/api/v1/imports/{identity}/parts?offset={offset}", body=data,
                                headers={"Content-Type": media})

    def upload(self, identity, data):
        for at in range(0, len(data), PART):
            answer = self.part(identity, at, data[at:at + PART])
            self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.read(identity)["bytes"], len(data))

    def start(self, identity, query=""):
        answer = self.sit.request("POST", f"/api/v1/imports/{identity}/start{query}")
        self.assertEqual(answer.status, 200, answer)

    def read(self, identity):
        answer = self.sit.get(f"/api/v1/imports/{identity}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def ended(self, identity, seconds=900 if LONG else 120):
        deadline = time.time() + seconds
        while time.time() < deadline:
            job = self.read(identity)
            if job["state"] in ("done", "failed", "cancelled"):
                return job
            time.sleep(0.1)
        self.fail(f"the import has not ended: {job}\n{self.stack.log()[-3000:]}")

    def grows_beyond(self, identity, rows):
        """Progress is there to be read, and never goes back."""
        deadline, before = time.time() + 120, 0
        while time.time() < deadline:
            now = self.read(identity)["rows_read"]
            self.assertGreaterEqual(now, before)
            if now > rows:
                return
            before = now
            time.sleep(0.02)
        self.fail(f"it stays at {before} rows")

    def errors(self, identity):
        found, cursor = [], ""
        while True:
            answer = self.sit.get(f"/api/v1/imports/{identity}/errors?limit=500{cursor}")
            self.assertEqual(answer.status, 200, answer)
            found += answer.json()["items"]
            if answer.json()["next"] is None:
                return found
            cursor = f"&cursor={answer.json()['next']}"

    def facts(self, job):
        return int(self.stack.sql("select count(*) from sanjeh.workload_fact where in_force and contribution_id = "
                                  f"'{job['contribution_id']}'"))

    # ---- tests -----------------------------------------------------------------------------------------------

    def test_it_goes_on_behind_a_kill(self):
        data, faults, sums = made(ROWS)
        faulty = len(faults)
        identity = self.create(accept="valid_rows", comment="آزمون")
        self.upload(identity, data)
        begun = time.time()
        self.start(identity)
        self.grows_beyond(identity, 0)
        if LONG:
            self.stack.stop()
            self.sit.close()
            self.stack.start()
            self.stack.wait_ready()
            self.grows_beyond(identity, ROWS // 3)
        self.stack.kill9()
        cursor = int(self.stack.sql(f"select at_byte from sanjeh.import_job where id = '{identity}'"))
        self.assertGreater(cursor, 0)
        self.assertLess(cursor, len(data), "it was killed in the middle")
        self.sit.close()
        self.stack.start()
        self.stack.wait_ready()
        job = self.ended(identity)
        self.assertEqual((job["state"], job["rows_read"], job["rows_ok"], job["rows_rejected"]),
                         ("done", ROWS, ROWS - faulty, faulty))
        self.assertEqual(self.facts(job), ROWS - faulty)
        if LONG:
            print(f"{ROWS:,} rows, stopped and killed once each: {time.time() - begun:.1f} s; front {peak(self.stack.pid):,} KiB at most")
        self.assertEqual(self.stack.sql("select sum(filed), sum(resolved), sum(pending_end) from sanjeh.workload_fact where "
                                        f"in_force and contribution_id = '{job['contribution_id']}'").strip(),
                         "|".join(str(total) for total in sums))
        wrong = self.errors(identity)
        self.assertEqual(sorted((fault["row"], fault["column"] or "", fault["code"]) for fault in wrong), faults)
        listed = self.sit.get(f"/api/v1/imports/{identity}/errors.csv")
        self.assertEqual(listed.status, 200)
        self.assertEqual(listed.body.decode().count("IDENTITY_BROKEN"), sum(code == "IDENTITY_BROKEN" for _, _, code in faults))
        batch = self.sit.get(f"/api/v1/contributions/{job['contribution_id']}").json()
        self.assertEqual((batch["rows_ok"], batch["rows_rejected"], batch["state"]), (ROWS - faulty, faulty, "accepted"))
        again = self.create(accept="valid_rows")
        self.upload(again, data[:200_000 - data[:200_000][::-1].index(b"\n")])
        self.start(again)
        job = self.ended(again)
        self.assertEqual((job["rows_ok"], {fault["code"] for fault in self.errors(again)}), (0, {code for _, code in FAULTS}))

    def test_a_file_that_goes_in_whole_or_not(self):
        good = HEAD + "".join(f"B-{n % JUDGES:04},WHOLE-1,15{n // JUDGES:02}-01,1,1,0,0,0,1,1,CIVIL\n" for n in range(1000))
        bad = self.create(accept="all_or_nothing")
        self.upload(bad, (good + "B-0001,WHOLE-1,1599-01,1,1,0,0,0,1,7,CIVIL\n").encode())
        self.start(bad)
        job = self.ended(bad)
        self.assertEqual((job["state"], job["failure"], job["contribution_id"], job["rows_rejected"]),
                         ("failed", "ROWS_REJECTED", None, 1))
        self.assertEqual([(fault["row"], fault["code"]) for fault in self.errors(bad)], [(1002, "IDENTITY_BROKEN")])
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.court where code = 'WHOLE-1'"), "0")
        whole = self.create(accept="all_or_nothing")
        self.upload(whole, good.encode())
        self.start(whole, "?dry_run=true")
        job = self.ended(whole)
        self.assertEqual((job["state"], job["dry_run"], job["rows_ok"], job["contribution_id"]), ("done", True, 1000, None))
        self.start(whole)
        job = self.ended(whole)
        self.assertEqual((job["state"], job["rows_ok"], self.facts(job)), ("done", 1000, 1000))

    def test_parts_begin_where_the_file_ends(self):
        identity = self.create()
        self.assertEqual(self.part(identity, 0, HEAD.encode()).status, 200)
        document = problem(self, self.part(identity, 0, b"again"), 409, "WRONG_OFFSET")
        self.assertEqual(document["expected_offset"], len(HEAD))
        problem(self, self.part(identity, len(HEAD), b"{}", "application/json"), 415)
        problem(self, self.sit.request("POST", f"/api/v1/imports/{identity}/parts?offset=x", body=b"a",
                                       headers={"Content-Type": "text/csv"}), 400, "BAD_PARAMETER")
        answer = self.sit.get(f"/api/v1/imports/{identity}")
        problem(self, self.sit.request("DELETE", f"/api/v1/imports/{identity}"), 428)
        gone = self.sit.request("DELETE", f"/api/v1/imports/{identity}", headers={"If-Match": answer.header("ETag")})
        self.assertEqual((gone.status, gone.json()["state"]), (200, "cancelled"), gone)
        problem(self, self.sit.request("POST", f"/api/v1/imports/{identity}/start"), 409, "NO_SUCH_MOVE")
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.import_part where import_id = '{identity}'"), "0")

    def test_others_neither_see_nor_send(self):
        identity = self.create()
        problem(self, self.hrd.get(f"/api/v1/imports/{identity}"), 404)
        problem(self, self.stack.client("sit.analyst").get("/api/v1/imports"), 403)

    def test_a_header_that_cannot_be_read_ends_it(self):
        identity = self.create(accept="valid_rows")
        self.upload(identity, b"judge,court,gossip\nB-0001,X,1\n")
        self.start(identity)
        job = self.ended(identity)
        self.assertEqual((job["state"], job["failure"]), ("failed", "BAD_HEADER"))
        self.assertIn("UNKNOWN_COLUMN", {fault["code"] for fault in self.errors(identity)})

    def test_a_mixed_roster_in_lines_of_json(self):
        lines = ['{"personnel_number":"r-۰۰۰۱","name":"علي كاظمي","national_number":"۰۴۹۹۳۷۰۸۹۹","first_appointment":"۱۳۸۵-۰۷-۰۱"}',
                 '{"personnel_number":"R-0002","name":"زهرا صادقی","national_number":"0499370898"}',
                 '{"personnel_number":"R-٠٠٠٣","name":"رضا ۱۲","first_appointment":"2007-13-01"}',
                 '{"personnel_number":"R-0004","name":"مريم يزدي","first_appointment":"2007-03-21","birth_year":"۱۳۵۲"}']
        answer = self.hrd.post("/api/v1/imports", {"kind": "roster", "format": "ndjson", "accept": "valid_rows"})
        identity = answer.json()["id"]
        sit, self.sit = self.sit, self.hrd
        try:
            body = ("\n".join(lines) + "\n").encode()
            self.assertEqual(self.part(identity, 0, body, "application/x-ndjson").status, 200)
            self.start(identity)
            job = self.ended(identity)
            self.assertEqual((job["state"], job["rows_ok"], job["rows_rejected"]), ("done", 2, 2), self.errors(identity))
            faults = {(fault["row"], fault["column"], fault["code"]) for fault in self.errors(identity)}
            self.assertIn((2, "national_number", "BAD_NATIONAL_NUMBER"), faults)
            self.assertIn((3, "first_appointment", "BAD_DATE"), faults)
            found = self.hrd.get("/api/v1/judges?q=%D8%B9%D9%84%DB%8C%20%DA%A9%D8%A7%D8%B8%D9%85%DB%8C").json()["items"]
            self.assertEqual([judge["personnel_number"] for judge in found], ["R-0001"])
            self.assertEqual(found[0]["first_appointment"], "2006-09-23")
        finally:
            self.sit = sit


if __name__ == "__main__":
    unittest.main()
