# SPDX-License-Identifier: Apache-2.0
"""A whole population through one cycle over the API: planned, seated, told, collecting by the clock, computed, frozen. 1,500 judges, with
SANJEH_LONG=1 15,000. Some are broken or lack something and stay behind:
that must not stop the others."""

import argparse
import pathlib
import re
import sys
import time
import unittest

from stack import LONG, ROOT, Stack

sys.path.insert(0, str(ROOT / "scripts"))
import population  # noqa: E402

JUDGES = 15_000 if LONG else 1_500
MEMBERS = 9
ITEMS = [{"no": no, "family": family, "source": "indicator" if code else "mark", "name_fa": "معیار", "name_en": "Item", "weight": weight,
          **({"indicator_code": code} if code else {})}
         for no, (family, code, weight) in enumerate([("timeliness", "T01", "15"), ("timeliness", "T03", "15"), ("quality", None, "30"),
                                                      ("conduct", None, "25"), ("development", None, "15")], 1)]
ROSTER = "personnel_number,name,national_number,status,sex,birth_year,education,first_appointment,judicial_base"


def csv(head, rows):
    return head + "\n" + "".join(",".join(row) + "\n" for row in rows)


class Population:
    """Steps of a cycle for everybody of a register; who inherits has stack, owner, issuer, members."""

    judges = JUDGES
    items = ITEMS
    period = "1404"
    begin = 0.0
    times = []

    @classmethod
    def lap(cls, what):
        now = time.monotonic()
        cls.times.append(f"{what} {now - cls.begin:.1f} s")
        cls.begin = now

    def post(self, path, body=None, client=None, on=None, status=(200, 201)):
        client = client or self.owner
        client.timeout = 600
        headers = {"If-Match": client.get("/api/v1/" + on).header("ETag")} if on else {}
        answer = client.post("/api/v1/" + path, body, headers=headers)
        self.assertIn(answer.status, status, f"{path}: {answer}")
        return answer.json()

    def states(self):
        """Counted by paging through the whole list, not by the database."""
        found, seen = {}, set()
        for row in self.owner.items(f"/api/v1/evaluations?cycle_id={self.cycle}"):
            found[row["state"]] = found.get(row["state"], 0) + 1
            seen.add(row["id"])
        self.assertEqual(len(seen), sum(found.values()), "a page repeats rows")
        return found

    def move_all(self, source, to):
        """Every evaluation in that state, batch by batch; the outcomes."""
        moved, refused, after, self.insufficient = 0, [], None, 0
        while True:
            done = self.post(f"cycles/{self.cycle}/evaluation-moves", {"from": source, "to": to, **({"after": after} if after else {})})
            moved, refused, after = moved + done["moved"], refused + done["refused"], done["next"]
            self.assertEqual(done["has_more"], after is not None)
            self.insufficient += done["insufficient"]
            if after is None:
                return moved, refused

    def memory(self):
        status = pathlib.Path(f"/proc/{self.stack.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+)", status, re.M).group(1)) // 1024

    def advance(self, days):
        self.stack.sql("insert into sanjeh.test_clock (ahead) values (interval '%d days') on conflict (only_row) do update "
                       "set ahead = sanjeh.test_clock.ahead + excluded.ahead" % days)

    def open_cycle(self):
        template = self.post("templates", {"code": "POP", "name_fa": "الگو", "name_en": "Template", "population": "judges", "items": self.items})["id"]
        self.stack.publish(template)
        self.cycle = self.post("cycles", {"code": "POP", "name_fa": "دوره", "name_en": "Cycle", "kind": "annual", "period": self.period,
                                          "issuer": "JDP-E", "template_id": template, "coverage_min": 70})["id"]
        at = f"cycles/{self.cycle}"
        self.post(f"{at}/signatures", {}, on=at)
        self.post(f"{at}/signatures", {}, client=self.issuer, on=at)
        self.post(f"{at}/moves", {"to": "announced"}, on=at)
        preview = self.post(f"{at}/evaluations?dry_run=true", {})
        self.assertEqual((preview["planned"], preview["out_total"]), (self.judges + MEMBERS, 0))
        self.assertEqual(self.states(), {}, "a preview plans nobody")
        self.post(f"{at}/evaluations", {})
        again = self.post(f"{at}/evaluations?dry_run=true", {})
        self.assertEqual((again["planned"], again["out_total"]), (0, self.judges + MEMBERS))
        self.assertEqual({row["reason"] for row in again["out"]}, {"PLANNED_ALREADY"})
        self.post(f"{at}/moves", {"to": "open"}, on=at)
        self.lap("plan")

    def seat_all(self):
        """Three boards; each takes a share of the judges, and nobody sits on himself or on a colleague of the panel."""
        ids = {name: account["id"] for name, account in self.stack.accounts.items()}
        numbers = {row["id"]: row["personnel_number"] for row in self.owner.items("/api/v1/judges")}
        boards = [self.post("boards", {"cycle_id": self.cycle, "name": f"هیأت {b}", "kind": "first", "members": [
            {"account_id": ids[f"member.{3 * b + k}"], "capacity": capacity} for k, capacity in enumerate(("chair", "member", "rapporteur"), 1)]})
            ["id"] for b in range(3)]
        self.rest, shares = [], [[], [], []]
        for at, row in enumerate(self.owner.items(f"/api/v1/evaluations?cycle_id={self.cycle}")):
            if numbers[row["judge_id"]] in self.members:
                self.rest.append(row["id"])
            else:
                shares[at % 3].append(row["id"])
        for board, share in zip(boards, shares):
            for at in range(0, len(share), 200):
                self.post(f"cycles/{self.cycle}/seats", {"board_id": board, "evaluations": share[at:at + 200]})
        self.lap("seats")

    def wait_for(self, wanted, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            now = self.states()
            if now == wanted:
                return
            time.sleep(1)
        self.fail(f"stays {now}, not {wanted}")


class PopulationCycle(Population, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.manager", "jdpe.manager", "sit.manager", "sc.manager"), env={"SANJEH_AUTHN_IDLE_S": "3600"})
        cls.addClassCleanup(cls.stack.destroy)
        cls.owner, cls.issuer = cls.stack.client("hrd.manager"), cls.stack.client("jdpe.manager")
        cls.begin, cls.times = time.monotonic(), []
        options = argparse.Namespace(seed=1405, year=1404, judges=JUDGES + MEMBERS, months=1, case_types=1, unit_prefix="P",
                                     faults=0, expected=None, format="csv")
        rows = list(population.roster(options))
        cls.send("hrd.manager", "roster", csv(ROSTER, rows))
        cls.members = [row[0] for row in rows[:MEMBERS]]  # of boards: judges as well, whom nobody evaluates here
        cls.lap("roster")
        chunk = 20_000
        work = [[row[0], "C-1", "1404", "100", "300", "5", "0", "0", "310", "95"] for row in rows]
        for at in range(0, len(work), chunk):
            cls.send("sit.manager", "workload", csv(population.WORKLOAD.removesuffix(",case_type"), work[at:at + chunk]))
        cls.lap("workload")
        people = {f"member.{n}": ("SC", "-", "evaluator", f"عضو {n}", f"HRD:{number}", "person")
                  for n, number in enumerate(cls.members, 1)}
        cls.stack.add_accounts(people)

    @classmethod
    def send(cls, who, kind, data):
        client = cls.stack.client(who)
        client.timeout = 600
        answer = client.post("/api/v1/contributions", {"kind": kind, "format": "csv", "period": "1404", "data": data})
        assert answer.status == 201, answer

    def post_to(self, kind, count, skip, province='', base=None, of_register=None):
        """Judges posted to a court of that kind for the whole period; their ids. The grade is the posting's or the register's."""
        judges = self.stack.sql(f"""set session_replication_role = replica;
            with c as (insert into sanjeh.court (id, code, code_norm, name_fa, name_en, status, kind, province, created_by_unit) select
                gen_random_uuid(), 'K-{skip}', 'k-{skip}', 'K-{skip}', 'K-{skip}', 'active', '{kind}', nullif('{province}', ''), u.id
                from sanjeh.unit u where u.code = 'SIT' returning id, created_by_unit as unit_id),
            j as (select e.judge_id, e.judge_unit_id from sanjeh.evaluation e where e.state = 'collecting' order by e.judge_id offset {skip} limit {count})
            insert into sanjeh.posting (unit_id, id, judge_unit_id, judge_id, court_id, title, posted_from, judicial_base, created_by)
            select j.judge_unit_id, gen_random_uuid(), j.judge_unit_id, j.judge_id, c.id, 'قاضی', '2010-01-01', {base or 'null'}, c.unit_id from j, c
            returning judge_id""").split()
        if of_register:
            self.stack.sql(f"update sanjeh.judge set judicial_base = {of_register} where id = any ('{{{','.join(judges)}}}')")
        return judges

    def check_peers(self, judges, group, n):
        """In the sheet of the first of them: kind of court, grade band, class of province, and how many."""
        peers = {item["code"]: item["peers"] for item in self.sheet_of(judges[0])["items"] if item["peers"]["n"]}
        self.assertEqual({code: (row["group"], row["grade_band"], row["province_class"], row["n"], row["withheld"]) for code, row in peers.items()},
                         {code: (*group, n, None) for code in ("T01", "T03")})

    def sheet_of(self, judge):
        row = self.owner.items(f"/api/v1/evaluations?cycle_id={self.cycle}&judge_id={judge}")[0]
        answer = self.issuer.get(f"/api/v1/evaluations/{row['id']}/score")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["sheet"]

    def test_all_of_them(self):
        self.open_cycle()
        self.seat_all()
        self.assertEqual(len(self.rest), MEMBERS)
        moved, refused = self.move_all("planned", "notified")
        self.assertEqual(moved, JUDGES)
        self.assertEqual({row["evaluation_id"] for row in refused}, set(self.rest), "those without a board are refused by name")
        self.assertEqual({tuple(row["unmet"]) for row in refused}, {("BOARD_NAMED",)})
        self.assertEqual(self.states(), {"planned": MEMBERS, "notified": JUDGES})
        self.lap("notified")
        # one that the clock cannot move, for whatever reason: the database refuses it
        bad = self.owner.items(f"/api/v1/evaluations?cycle_id={self.cycle}&state=notified")[7]["id"]
        self.stack.sql(f"""create function public.refuse_one() returns trigger language plpgsql as $$ begin
            if new.id = '{bad}' and new.state = 'collecting' then raise exception 'this one is broken'; end if; return new; end $$;
            create trigger zz_broken before update on sanjeh.evaluation for each row execute function public.refuse_one()""")
        self.advance(40)
        self.wait_for({"planned": MEMBERS, "notified": 1, "collecting": JUDGES - 1}, 900 if LONG else 240)
        self.lap("collecting by the clock")
        self.stack.sql("drop trigger zz_broken on sanjeh.evaluation; drop function public.refuse_one()")
        self.wait_for({"planned": MEMBERS, "collecting": JUDGES}, 60)
        # 12 of one kind, band and class; 7 who are as many as 19 without the class; 5 who are 24 without the band; 5 who are the cycle
        groups = ((self.post_to("family", 12, 0, province="تهران", base=6), ("family", 2, 1), 12),
                  (self.post_to("family", 7, 100, province="IR-16", of_register=5), ("family", 2, None), 19),
                  (self.post_to("family", 5, 200, province="Tehran", base=11), ("family", None, None), 24),
                  (self.post_to("military", 5, 300, province="IR-23", base=6), ("cycle", None, None), JUDGES))
        done = self.post(f"cycles/{self.cycle}/computations")
        self.assertEqual((done["evaluations"], done["sufficient"]), (JUDGES, JUDGES))
        self.lap("computed")
        for judges, group, n in groups:
            self.check_peers(judges, group, n)
        thin = self.owner.items(f"/api/v1/evaluations?cycle_id={self.cycle}&state=collecting")[11]
        self.stack.sql(f"""set session_replication_role = replica;
            update sanjeh.evaluation set coverage = 30 where id = '{thin['id']}'""")
        moved, refused = self.move_all("collecting", "frozen")
        self.assertEqual(moved, JUDGES - 1, refused[:3])
        self.assertEqual((refused, self.insufficient), ([], 1), "too few data end one evaluation and hold no other")
        self.assertEqual(self.states(), {"planned": MEMBERS, "insufficient": 1, "frozen": JUDGES - 1})
        self.lap("frozen")
        events = self.stack.sql("select to_state, count(*), count(by_account) from sanjeh.evaluation_event group by 1 order by 1").split()
        self.assertEqual(events, [f"collecting|{JUDGES}|0", f"frozen|{JUDGES - 1}|{JUDGES - 1}", "insufficient|1|0", f"notified|{JUDGES}|{JUDGES}"])
        shadowed = "SJ_SANITIZE:STRING=address" in (self.stack.build / "CMakeCache.txt").read_text()
        self.assertLess(self.memory(), 1024 if shadowed else 256, "the server's memory grows with the population")
        print(f"{JUDGES} judges: {', '.join(self.times)}; front at most {self.memory()} MiB", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
