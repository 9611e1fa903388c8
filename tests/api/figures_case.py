# SPDX-License-Identifier: Apache-2.0
"""What the tests of figures share: a cycle whose items are all indicators, computed for so many judges over the API, and the methods of
src/analysis once more in Python's decimal."""

import uuid
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, getcontext

import test_report_cards
from board_case import BoardTest

getcontext().prec = 40
HEAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end,case_type\n"
MEASURES = "judge,indicator,value,n\n"
Z2 = Decimal("3.841459")
SHRINK_CASES = 20


def six(value, rounding=ROUND_HALF_UP):
    return value.quantize(Decimal("0.000001"), rounding)


def dec(number):
    return Decimal(str(number))


def wilson(value, n):
    """Of a percentage of n."""
    x = (dec(value) * n / 100).quantize(Decimal(1), ROUND_HALF_UP)
    half = (Z2 * x * (n - x) / n + Z2 * Z2 / 4).sqrt()
    low, high = (x + Z2 / 2 - half) / (n + Z2), (x + Z2 / 2 + half) / (n + Z2)
    return six(Decimal(0) if x == 0 else low), six(Decimal(1) if x == n else high)


def shrink(value, n, mean):
    return six((n * dec(value) + SHRINK_CASES * dec(mean)) / (n + SHRINK_CASES))


def worth(anchors, value):
    """Of the direction "higher": 0, 80 and 100 at floor, target and cap."""
    floor, target, cap = (dec(anchors[name]) for name in ("floor", "target", "cap"))
    if value <= floor:
        return Decimal(0)
    if value >= cap:
        return Decimal(100)
    if value < target:
        return six((value - floor) / (target - floor) * 80)
    return six(80 + (value - target) / (cap - target) * 20)


def median(values):
    values = sorted(values)
    return (values[len(values) // 2] + values[(len(values) - 1) // 2]) / 2


class FiguresTest(BoardTest):
    ITEMS = ((1, "quality", "Q05", 60), (2, "timeliness", "T05", 20), (3, "timeliness", "T01", 20))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, account in test_report_cards.ACCOUNTS.items():
            if name not in cls.stack.accounts:
                cls.stack.add_accounts({name: account})
        cls.numbers = {row["id"]: row["personnel_number"] for row in cls.owner.items("/api/v1/judges")}

    def people(self, count):
        """The judge and others, in a fixed order."""
        others = sorted(number for number in self.numbers.values() if number.startswith("HRD-00") and number != self.numbers[self.judge_id])
        return [self.numbers[self.judge_id], *others[:count - 1]]

    # Jalali years in which nobody else of the shared stack sends such figures
    YEARS = {1366: ("1987-03-21", "1988-03-20"), 1367: ("1988-03-21", "1989-03-20"), 1368: ("1989-03-21", "1990-03-20"),
             1369: ("1990-03-21", "1991-03-20"), 1376: ("1997-03-21", "1998-03-20"),
             1377: ("1998-03-21", "1999-03-20")}

    def cycle_of(self, year):
        """Id of a collecting cycle over a year whose criteria are ITEMS; its template is of the code FIG, each time a new edition."""
        cycle, template = str(uuid.uuid4()), str(uuid.uuid4())
        first, last = self.YEARS[year]
        items = ", ".join(f"({no}, '{family}', 'indicator', '{indicator}', 'معیار {indicator}', 'Criterion {indicator}', {weight}, 0, 100)"
                          for no, family, indicator, weight in self.ITEMS)
        self.stack.sql(f"""
            begin; set local session_replication_role = replica;
            insert into sanjeh.template (unit_id, id, code, edition, name_fa, name_en, population, state, created_by, published_at)
                select u.id, '{template}', 'FIG', (select count(*) + 1 from sanjeh.template t where t.code = 'FIG'), 'الگو', 'Template',
                    'judges', 'published', u.id, now() from sanjeh.unit u where u.code = 'HRD';
            insert into sanjeh.template_item (unit_id, template_id, no, family, source, indicator_code, name_fa, name_en, weight, scale_min, scale_max)
                select u.id, '{template}', v.* from sanjeh.unit u, (values {items}) as v where u.code = 'HRD';
            insert into sanjeh.cycle (unit_id, id, code, name_fa, name_en, kind, period_from, period_to, template_id, issuer_unit_id,
                issuer_scope_id, state, owner_signed_by, owner_signed_at, issuer_signed_by, issuer_signed_at, announced_at, criteria_sha256, created_by)
                select h.id, '{cycle}', 'F{cycle[:8].upper()}', 'ارزیابی', 'Evaluation', 'annual', '{first}', '{last}', '{template}', j.id, e.id,
                    'collecting', h.id, now(), '{self.account("jdpe.manager")}', now(), now(), sha256('criteria'), h.id
                from sanjeh.unit h, sanjeh.unit j, sanjeh.unit e where h.code = 'HRD' and j.code = 'JDP' and e.code = 'JDP-E';
            insert into sanjeh.cycle_clock (unit_id, cycle_id, code, days, day_kind)
                select id, '{cycle}', 'appeal', 30, 'calendar' from sanjeh.unit where code = 'HRD';
            commit;""")
        return cycle

    def send(self, name, kind, year, data):
        answer = self.stack.client(name).post("/api/v1/contributions", {"kind": kind, "format": "csv", "period": str(year), "data": data})
        self.assertEqual(answer.status, 201, answer)

    def figures(self, year, numbers, case_types=("CIVIL", "FAMILY")):
        """Workload in these types of cases, and two shares, for everybody; all different. Resolved of each judge's incoming cases."""
        work, shares, resolved = [], [], {}
        for at, number in enumerate(numbers):
            resolved[number] = 0
            for case_type in case_types:
                resolved[number] += 150 + 3 * at
                work.append(f"{number},R-1,{year},100,150,10,5,5,{150 + 3 * at},{110 - 3 * at},{case_type}\n")
            shares.append((f"{number},Q05,{96 - at},50\n", f"{number},T05,{94 - 2 * at},120\n"))
        self.send("sit.manager", "workload", year, HEAD + "".join(work))
        self.send("jdpe.manager", "measures", year, MEASURES + "".join(q05 for q05, _ in shares))
        self.send("sit.manager", "measures", year, MEASURES + "".join(t05 for _, t05 in shares))
        return resolved

    def computed(self, year, count, **more):
        """(file of the judge, its sheet, what figures() gave) of a computed cycle of so many judges."""
        cycle, numbers = self.cycle_of(year), self.people(count)
        ids = {number: judge for judge, number in self.numbers.items()}
        files = {number: self.evaluation(cycle, "collecting", ids[number]) for number in numbers}
        resolved = self.figures(year, numbers, **more)
        done = self.owner.post(f"/api/v1/cycles/{cycle}/computations")
        self.assertEqual((done.status, done.json().get("evaluations"), done.json().get("sufficient")), (201, count, count), done)
        read = self.owner.get(done.header("Location"))
        self.assertEqual((read.status, read.json()["id"]), (200, done.json()["id"]), read)
        file = files[numbers[0]]
        self.move(file, "gated", ", frozen_at = now(), marks_locked_at = now(), disclosed_at = now()")
        return file, self.judge.get(f"/api/v1/evaluations/{file}/score").json()["sheet"], resolved

    def issue(self, file):
        issuer = self.stack.client("card.issuer")
        version = issuer.get(f"/api/v1/evaluations/{file}").header("ETag")
        answer = issuer.post(f"/api/v1/evaluations/{file}/report-cards", headers={"If-Match": version})
        self.assertEqual(answer.status, 201, answer)
        return answer.json()
