#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a synthetic population, always the same for a seed: a register of judges with postings, and their monthly workload.
Nobody in it exists. Names are drawn from common Persian names, numbers are made up (national numbers have a right check digit).

  population.py roster   [--judges N] [--unit-prefix P]             CSV of contributions of kind roster
  population.py courts   [--judges N]                               CSV code,name_fa,name_en,province
  population.py postings [--judges N]                               CSV personnel_number,court,role,valid_from
  population.py workload [--judges N] [--months M] [--case-types T] CSV of kind workload; pending_start + filed + returned +
                                                                    transferred_in - transferred_out - resolved = pending_end
  population.py case-types                                          CSV code,name_fa,name_en of the types beyond the catalogue's

Common: --seed S (1405) · --year Y (1404, Jalali) · --format csv|ndjson · --faults PERCENT and --expected FILE: so many rows are
faulty in a known way; FILE gets CSV row,column,code for each (row 1 is the header). Rows are written as they
are made: memory does not grow with them.
"""

import argparse
import json
import random
import sys

PROVINCES = ("آذربایجان شرقی", "آذربایجان غربی", "اردبیل", "اصفهان", "البرز", "ایلام", "بوشهر", "تهران", "چهارمحال و بختیاری",
             "خراسان جنوبی", "خراسان رضوی", "خراسان شمالی", "خوزستان", "زنجان", "سمنان", "سیستان و بلوچستان", "فارس", "قزوین",
             "قم", "کردستان", "کرمان", "کرمانشاه", "کهگیلویه و بویراحمد", "گلستان", "گیلان", "لرستان", "مازندران", "مرکزی",
             "هرمزگان", "همدان", "یزد")
# More judges where more people live; sums to 100.
SHARES = (5, 4, 2, 6, 3, 1, 1, 16, 1, 1, 8, 1, 6, 1, 1, 3, 6, 2, 2, 2, 4, 2, 1, 2, 3, 2, 4, 2, 2, 3, 3)
MEN = ("محمد", "علی", "حسین", "رضا", "مهدی", "احمد", "حسن", "عباس", "محمود", "سعید", "مجید", "حمید", "جواد", "کاظم", "ناصر", "یوسف")
WOMEN = ("فاطمه", "زهرا", "مریم", "معصومه", "لیلا", "نرگس", "سمیه", "اعظم", "طاهره", "الهام")
FAMILIES = ("محمدی", "حسینی", "احمدی", "رضایی", "موسوی", "کریمی", "جعفری", "صادقی", "رحیمی", "ابراهیمی", "قاسمی", "هاشمی",
            "نوری", "اکبری", "یزدانی", "شریفی", "کاظمی", "صالحی", "طاهری", "فلاحی", "میرزایی", "باقری", "امینی", "زارعی")
CASE_TYPES = ("CIVIL", "FAMILY", "CRIM1", "CRIM2", "REVOL", "JUVEN", "COMM", "LAND", "LABOUR", "INHER", "APPEAL", "CASS", "INVEST",
              "ENFORCE", "OTHER")
MORE_TYPES = (("TRAFFIC", "تصادفات", "Traffic"), ("CYBER", "جرایم رایانه‌ای", "Cybercrime"), ("TAX", "مالیاتی", "Tax"),
              ("ENVIRON", "محیط زیست", "Environment"), ("MEDIA", "مطبوعات", "Press"))
ALL_TYPES = CASE_TYPES + tuple(code for code, _, _ in MORE_TYPES)
JUDGES_A_COURT = 5
WORKLOAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end,case_type"
ROSTER = "personnel_number,name,national_number,status,sex,birth_year,education,first_appointment,judicial_base"
# kind of a faulty workload row: column that the import names (empty: the row), code
WORKLOAD_FAULTS = (("", "IDENTITY_BROKEN"), ("judge", "UNKNOWN_JUDGE"), ("case_type", "UNKNOWN_CASE_TYPE"), ("filed", "NOT_A_NUMBER"),
                   ("period", "BAD_PERIOD"))
ROSTER_FAULTS = (("national_number", "BAD_NATIONAL_NUMBER"), ("personnel_number", "BAD_PERSONNEL_NUMBER"))


def national_number(serial):
    """Ten digits whose check digit is right; different for each serial below 900 million."""
    digits = f"{100000000 + (serial * 7919) % 899999999:09d}"
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11
    return digits + str(rest if rest < 2 else 11 - rest)


def personnel_number(prefix, number):
    return f"{prefix}-{number:05d}"


def courts(judges, seed):
    """One court for each five judges: (code, Persian name, English name, number of the province)."""
    draw = random.Random(f"{seed}/courts")
    count = max(1, -(-judges // JUDGES_A_COURT))
    for number in range(1, count + 1):
        province = number - 1 if number <= len(PROVINCES) else draw.choices(range(len(PROVINCES)), SHARES)[0]
        yield f"C{province + 1:02d}-{number:04d}", f"شعبه {number} دادگستری {PROVINCES[province]}", f"Branch {number}", province


def court_codes(judges, seed):
    return [court[0] for court in courts(judges, seed)]


def roster(options):
    draw = random.Random(f"{options.seed}/roster")
    for number in range(1, options.judges + 1):
        woman = draw.random() < 0.12
        name = f"{draw.choice(WOMEN if woman else MEN)} {draw.choice(FAMILIES)} {draw.choice(FAMILIES)}"
        birth = draw.randint(1338, 1375)
        base = min(11, max(1, (1404 - birth - 22) // 4))
        appointed = min(1403, birth + draw.randint(24, 30))
        education = draw.choices(("university", "hawza", "both"), (55, 30, 15))[0]
        yield [personnel_number(options.unit_prefix, number), name, national_number(number + options.seed), "active",
               "female" if woman else "male", str(birth), education, f"{appointed}-{draw.randint(1, 12):02d}-01", str(base)]


def spoil_roster(row, kind):
    if kind == 0:
        row[2] = row[2][:9] + str((int(row[2][9]) + 1) % 10)
    else:
        row[0] = "؟" + row[0]
    return row


def postings(options):
    draw = random.Random(f"{options.seed}/postings")
    codes = court_codes(options.judges, options.seed)
    for number in range(1, options.judges + 1):
        head = number % JUDGES_A_COURT == 1
        yield [personnel_number(options.unit_prefix, number), codes[(number - 1) // JUDGES_A_COURT], "head" if head else "judge",
               f"{draw.randint(1396, 1402)}-07-01"]


def workload(options):
    """Judge by judge, month by month: what is pending at the end of one is pending at the start of the next."""
    draw = random.Random(f"{options.seed}/workload").random
    codes = court_codes(options.judges, options.seed)
    periods = [f"{options.year}-{month:02d}" for month in range(1, options.months + 1)]
    types = ALL_TYPES[:options.case_types]
    for number in range(1, options.judges + 1):
        judge = personnel_number(options.unit_prefix, number)
        court = codes[(number - 1) // JUDGES_A_COURT]
        pace = 0.8 + 0.4 * draw()
        pending = [int(5 + 20 * draw()) for _ in types]
        for period in periods:
            for place, case_type in enumerate(types):
                chance = draw()
                start = pending[place]
                filed = int(12 * chance)
                returned = int(chance * 100) % 3
                moved_in = int(chance * 1000) % 2
                moved_out = min(filed + returned + moved_in, int(chance * 10000) % 2)
                stock = start + filed + returned + moved_in - moved_out
                resolved = min(stock, int((filed + start * 0.1) * pace) + 1)
                pending[place] = stock - resolved
                yield (judge, court, period, start, filed, returned, moved_in, moved_out, resolved, stock - resolved, case_type)


def spoil_workload(row, kind):
    row = list(row)
    if kind == 0:
        row[9] += 1
    elif kind == 1:
        row[0] = "NOBODY-" + row[0]
    elif kind == 2:
        row[10] = "NO-SUCH"
    elif kind == 3:
        row[4] = "many"
    else:
        row[2] = "1404-13"
    return tuple(row)


def spoiled(rows, options, faults, spoil):
    """The same rows, some of them faulty; what is wrong goes to the expected file."""
    if not options.faults:
        yield from rows
        return
    draw = random.Random(f"{options.seed}/faults")
    with open(options.expected, "w", encoding="utf-8") as expected:
        expected.write("row,column,code\n")
        for number, row in enumerate(rows, start=2):
            if draw.random() * 100 < options.faults:
                kind = draw.randrange(len(faults))
                row = spoil(row, kind)
                expected.write(f"{number},{faults[kind][0]},{faults[kind][1]}\n")
            yield row


def write(rows, header, options, out):
    names = header.split(",")
    if options.format == "csv":
        out.write(header + "\n")
        pattern = ",".join(["%s"] * len(names)) + "\n"
        lines = (pattern % tuple(row) for row in rows)
    else:
        lines = (json.dumps(dict(zip(names, row)), ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    block = []
    for line in lines:
        block.append(line)
        if len(block) == 4096:
            out.write("".join(block))
            block.clear()
    out.write("".join(block))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("roster", "courts", "postings", "workload", "case-types"))
    parser.add_argument("--judges", type=int, default=15000)
    parser.add_argument("--months", type=int, default=12, choices=range(1, 13))
    parser.add_argument("--case-types", type=int, default=20, choices=range(1, len(ALL_TYPES) + 1))
    parser.add_argument("--seed", type=int, default=1405)
    parser.add_argument("--year", type=int, default=1404)
    parser.add_argument("--unit-prefix", default="P")
    parser.add_argument("--format", default="csv", choices=("csv", "ndjson"))
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--expected")
    options = parser.parse_args()
    if not 1 <= options.judges <= 99999 or not 0 <= options.faults <= 100:
        parser.error("--judges is 1 to 99999, --faults 0 to 100")
    if options.faults and (not options.expected or options.what not in ("roster", "workload")):
        parser.error("--faults needs --expected FILE, and roster or workload")
    out = sys.stdout
    out.reconfigure(encoding="utf-8", newline="\n")
    if options.what == "roster":
        write(spoiled(roster(options), options, ROSTER_FAULTS, spoil_roster), ROSTER, options, out)
    elif options.what == "workload":
        write(spoiled(workload(options), options, WORKLOAD_FAULTS, spoil_workload), WORKLOAD, options, out)
    elif options.what == "postings":
        write(postings(options), "personnel_number,court,role,valid_from", options, out)
    elif options.what == "courts":
        named = ((code, fa, en, PROVINCES[province]) for code, fa, en, province in courts(options.judges, options.seed))
        write(named, "code,name_fa,name_en,province", options, out)
    else:
        write(MORE_TYPES, "code,name_fa,name_en", options, out)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.stderr.close()
