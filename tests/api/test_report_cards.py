# SPDX-License-Identifier: Apache-2.0
"""The report card from issue to an outsider's check: chain, signature, who reads it, PDFs, two issues at once.

The evaluations stand in the state gated because the database's owner put them there; everything after that goes through the API."""

import concurrent.futures
import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import unittest
import uuid

from stack import SharedTest, problem, run

ACCOUNTS = {
    "card.issuer": ("JDP", "JDP-E", "issuer", "صادرکننده کارنامه"),
    "card.rival": ("JDP", "JDP-E", "issuer", "صادرکننده دیگر"),
    "card.owner": ("HRD", "-", "process-owner", "مالک فرایند"),
}
ITEMS = (("quality", 40, "کیفیت رأی", "Quality"), ("timeliness", 30, "زمان", "Time"), ("conduct", 20, "رفتار", "Conduct"),
         ("development", 10, "آموزش", "Training"))


class ReportCards(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, account in ACCOUNTS.items():
            if name not in cls.stack.accounts:
                cls.stack.add_accounts({name: account})
        cls.issuer, cls.owner = cls.stack.client("card.issuer"), cls.stack.client("card.owner")
        cls.judge = cls.stack.client("judge.one")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sanjeh-cards-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)

    def gated(self, username="judge.one"):
        """Id of a fresh evaluation in state gated, in a cycle of its own."""
        judge = self.stack.client(username).get("/api/v1/me").json()["judge_id"]
        evaluation, cycle, template = (str(uuid.uuid4()) for _ in range(3))
        code = "T" + cycle[:8].upper()
        items = ", ".join(f"((select id from u), '{template}', {number}, '{family}', 'mark', '{fa}', '{en}', {weight}, 0, 100)"
                          for number, (family, weight, fa, en) in enumerate(ITEMS, 1))
        self.stack.sql(f"""
            begin; set local session_replication_role = replica;
            insert into sanjeh.template (unit_id, id, code, edition, name_fa, name_en, population, state, created_by, published_at)
                select id, '{template}', '{code}', 1, 'الگو', 'Template', 'judges', 'published', id, now()
                from sanjeh.unit where code = 'HRD';
            with u as (select id from sanjeh.unit where code = 'HRD')
            insert into sanjeh.template_item (unit_id, template_id, no, family, source, name_fa, name_en, weight, scale_min, scale_max)
                values {items};
            insert into sanjeh.cycle (unit_id, id, code, name_fa, name_en, kind, period_from, period_to, template_id, issuer_unit_id,
                issuer_scope_id, state, owner_signed_by, owner_signed_at, issuer_signed_by, issuer_signed_at, announced_at, frozen_at,
                criteria_sha256, created_by)
                select h.id, '{cycle}', '{code}', 'ارزیابی سالانه', 'Annual evaluation', 'annual', '2025-03-21', '2026-03-20', '{template}',
                    j.id, e.id, 'deciding', h.id, now(), j.id, now(), now(), now(), sha256('criteria'), h.id
                from sanjeh.unit h, sanjeh.unit j, sanjeh.unit e where h.code = 'HRD' and j.code = 'JDP' and e.code = 'JDP-E';
            insert into sanjeh.cycle_clock (unit_id, cycle_id, code, days, day_kind)
                select id, '{cycle}', 'appeal', 30, 'calendar' from sanjeh.unit where code = 'HRD';
            insert into sanjeh.evaluation (unit_id, id, cycle_id, judge_unit_id, judge_id, issuer_unit_id, issuer_scope_id, state,
                notified_at, frozen_at, marks_locked_at, disclosed_at)
                select h.id, '{evaluation}', '{cycle}', r.unit_id, r.id, j.id, e.id, 'gated', now(), now(), now(), now()
                from sanjeh.unit h, sanjeh.unit j, sanjeh.unit e, sanjeh.judge r
                where h.code = 'HRD' and j.code = 'JDP' and e.code = 'JDP-E' and r.id = '{judge}';
            commit;""")
        return evaluation

    def issue(self, evaluation, client=None, version=1):
        return (client or self.issuer).post(f"/api/v1/evaluations/{evaluation}/report-cards", headers={"If-Match": f'"v{version}"'})

    def issued(self):
        answer = self.issue(self.gated())
        self.assertEqual(answer.status, 201, answer)
        return answer.json()

    def verify(self, *arguments):
        return run(self.stack.build / "server/sanjeh-verify", *arguments, check=False)

    def unpack(self, card):
        answer = self.judge.get(f"/api/v1/report-cards/{card['id']}/bundle")
        self.assertEqual(answer.status, 200, answer)
        where = self.folder / card["id"]
        where.mkdir(exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(answer.body)) as tar:
            self.assertEqual(sorted(tar.getnames()), ["card.en.pdf", "card.fa.pdf", "card.json", "card.note", "vkey"])
            for member in tar.getmembers():
                (where / member.name).write_bytes(tar.extractfile(member).read())
        return where

    # ---- issue ----

    def test_a_card_says_who_what_and_until_when(self):
        card = self.issued()
        content = card["card"]
        self.assertEqual(content["format"], "sanjeh-report-card/1")
        self.assertEqual(content["chain"], {"number": card["number"], "prev_sha256": card["prev_sha256"]})
        me = self.judge.items("/api/v1/judges")[0]
        self.assertEqual(content["judge"]["name"], me["name"])
        self.assertEqual(content["judge"]["personnel_number"], me["personnel_number"])
        self.assertEqual(content["cycle"]["period"]["from_jalali"], "1404-01-01")
        self.assertEqual([item["reason"] for item in content["items"]], ["NOT_MARKED"] * 4)
        self.assertEqual((content["result"]["sufficient"], content["result"]["score"]), (False, None), "no marks are no zero")
        self.assertEqual(content["issued"]["by"], ACCOUNTS["card.issuer"][3])
        self.assertIn("until_jalali", next(r for r in content["remedies"] if r["code"] == "appeal"))
        self.assertEqual(content["test"], card["test"])
        self.assertEqual(self.stack.sql(f"select state from sanjeh.evaluation where id = '{card['evaluation_id']}'"), "issued")

    def test_a_card_is_issued_once_by_the_issuer_with_the_version_read(self):
        evaluation = self.gated()
        problem(self, self.issuer.post(f"/api/v1/evaluations/{evaluation}/report-cards"), 428, "PRECONDITION_REQUIRED")
        problem(self, self.issue(evaluation, version=9), 412, "PRECONDITION_FAILED")
        self.assertEqual(self.issue(evaluation, self.owner).status, 403)
        self.assertEqual(self.issue(evaluation, self.judge).status, 403)
        self.assertEqual(self.issue(evaluation, self.stack.client("jdpd.manager")).status, 403)
        self.assertEqual(self.issue(evaluation).status, 201)
        problem(self, self.issue(evaluation, version=2), 409, "NO_SUCH_MOVE")
        problem(self, self.issue(str(uuid.uuid4())), 404, "NOT_FOUND")

    def test_two_issues_at_once_make_one_chain(self):
        evaluations = [self.gated() for _ in range(4)]
        clients = [self.stack.client("card.issuer"), self.stack.client("card.rival")]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda n: [self.until_issued(e, clients[n]) for e in evaluations[n::2]], range(2)))
        rows = self.stack.sql("select no, encode(prev_sha256, 'hex'), encode(sha256, 'hex') from sanjeh.report_card order by no")
        former, number = "0" * 64, 0
        for line in rows.splitlines():
            no, prev, own = line.split("|")
            self.assertEqual((int(no), prev), (number + 1, former))
            former, number = own, int(no)
        self.assertGreaterEqual(number, 4)

    def until_issued(self, evaluation, client):
        for _ in range(20):
            answer = self.issue(evaluation, client)
            if answer.status == 201:
                return
            self.assertEqual(answer.status, 503, answer)
        self.fail("never issued")

    # ---- who reads ----

    def test_judge_owner_and_issuer_read_it_and_nobody_else(self):
        card = self.issued()
        path = f"/api/v1/report-cards/{card['id']}"
        for client in (self.judge, self.owner, self.issuer):
            answer = client.get(path)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.json()["sha256"], card["sha256"])
        self.assertIn(card["id"], [item["id"] for item in self.judge.items("/api/v1/report-cards")])
        for name in ("judge.two", "jdpd.manager", "sc.manager", "sit.manager", "admin.one"):
            answer = self.stack.client(name).get(path)
            self.assertIn(answer.status, (403, 404), name)
            listed = self.stack.client(name).get("/api/v1/report-cards")
            self.assertNotIn(card["id"].encode(), listed.body or b"", name)

    # ---- an outsider ----

    def test_an_outsider_checks_the_bundle_and_every_changed_byte_shows(self):
        card = self.issued()
        where = self.unpack(card)
        files = ["--card", where / "card.json", "--note", where / "card.note", "--vkey", where / "vkey"]
        done = self.verify(*files, "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["verdict"]), (0, "verified"), done.stdout)
        key = self.judge.get("/api/v1/report-cards/key").body.decode()
        self.assertEqual((where / "vkey").read_text(), key)
        text = (where / "card.json").read_bytes()
        self.assertEqual(hashlib.sha256(text).hexdigest(), card["sha256"])
        self.assertEqual(json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(), text)
        for name, at in (("card.json", len(text) // 2), ("card.note", 30), ("card.note", -10)):
            kept = (where / name).read_bytes()
            changed = bytearray(kept)
            changed[at] ^= 1
            (where / name).write_bytes(changed)
            self.assertEqual(self.verify(*files).returncode, 1, name)
            (where / name).write_bytes(kept)
        self.assertEqual(self.verify(*files).returncode, 0)
        self.assertEqual(self.verify("--card", where / "card.json", "--note", where / "card.note").returncode, 3)

    def test_a_folder_is_a_piece_of_one_chain(self):
        folder = self.folder / "chain"
        folder.mkdir()
        cards = [self.issued() for _ in range(3)]
        for card in cards:
            where = self.unpack(card)
            shutil.copy(where / "card.json", folder / f"{card['number']}.json")
            shutil.copy(where / "card.note", folder / f"{card['number']}.note")
        arguments = ["--card", folder, "--vkey", where / "vkey"]
        self.assertEqual(self.verify(*arguments).returncode, 0)
        middle = cards[1]["number"]
        (folder / f"{middle}.json").rename(folder / "kept")
        self.assertEqual(self.verify(*arguments).returncode, 2)
        shutil.copy(folder / f"{cards[0]['number']}.json", folder / f"{middle}.json")
        self.assertEqual(self.verify(*arguments).returncode, 1)

    def test_the_pdf_is_tagged_persian_and_always_the_same(self):
        card = self.issued()
        path = f"/api/v1/report-cards/{card['id']}/pdf"
        first, second = self.judge.get(path), self.issuer.get(path + "?lang=fa")
        self.assertEqual((first.status, first.header("Content-Type")), (200, "application/pdf"), first)
        self.assertEqual(first.body, second.body)
        self.assertIn(b"/StructTreeRoot", first.body)
        if shutil.which("pdftotext"):
            text = subprocess.run(["pdftotext", "-", "-"], input=first.body, capture_output=True, check=True).stdout.decode()
            self.assertIn(card["sha256"], text)
        self.assertNotEqual(self.judge.get(path + "?lang=en").body, first.body)
        problem(self, self.judge.get(path + "?lang=de"), 400, "BAD_PARAMETER")

    def test_what_was_changed_in_the_database_is_not_handed_out(self):
        card = self.issued()
        part = f"(select id from sanjeh.report_card_part where card_id = '{card['id']}')"
        other = self.issued()
        swap = f"""update sanjeh.report_card_part set body_ct = (select body_ct from sanjeh.report_card_part
            where card_id = '{other['id']}') where id = {part}"""
        self.stack.sql(swap)
        self.assertEqual(self.judge.get(f"/api/v1/report-cards/{card['id']}").status, 500)
        for name in ("update sanjeh.report_card set sha256 = sha256('x')", "delete from sanjeh.report_card"):
            self.assertNotEqual(self.stack.sql(name, role="app", check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
