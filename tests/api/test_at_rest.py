# SPDX-License-Identifier: Apache-2.0
"""Does anybody who holds the database, a dump or its files learn a name, a number or a rating (I4)?"""

import pathlib
import subprocess
import unittest

import demo_load
from stack import SOURCE, SharedTest, run


def needles():
    """Byte strings that must not be found. Ratings alone (7.9) occur everywhere by chance; the columns that hold them
    are tested by type below."""
    roster, _ = demo_load.survey(SOURCE)
    pseudonyms, _ = demo_load.alj(SOURCE)
    found = [name for _, name in roster] + [number for number, _ in roster] + [name for name, _ in pseudonyms[::37]]
    found += ["قاضی یکم", "مدیر منابع انسانی"]  # display names of accounts
    return found


class AtRest(SharedTest):
    def assert_clean(self, haystack, where):
        lower = haystack.lower()
        for needle in needles():
            self.assertNotIn(needle.lower().encode(), lower, f"{needle} in {where}")
        for account in self.stack.accounts.values():
            for secret in (account["password"], account["totp_secret"]):
                self.assertNotIn(secret.encode(), haystack, f"a secret of {account['username']} in {where}")

    def test_no_table_has_it_in_clear(self):
        tables = self.stack.sql("select relname from pg_class c join pg_namespace n on n.oid = relnamespace "
                                "where nspname = 'sanjeh' and relkind in ('r', 'p')").split()
        self.assertGreater(len(tables), 10)
        for table in tables:
            with self.subTest(table):
                self.assert_clean(self.stack.sql(f"select t::text from sanjeh.{table} t").encode(), table)
                # bytea is shown in hex: the same for plain text hidden in bytes
                columns = self.stack.sql(f"select attname from pg_attribute where attrelid = 'sanjeh.{table}'::regclass "
                                         "and atttypid = 'bytea'::regtype and not attisdropped").split()
                for column in columns:
                    text = self.stack.sql(f"select encode({column}, 'escape') from sanjeh.{table}")
                    self.assert_clean(text.encode(), f"{table}.{column}")

    def test_no_dump_has_it_in_clear(self):
        dump = subprocess.run(["pg_dump", "-d", self.stack.dsn(), "--schema=sanjeh"], capture_output=True, check=True)
        self.assertGreater(len(dump.stdout), 100_000)
        self.assert_clean(dump.stdout, "pg_dump")

    def test_no_data_file_has_it_in_clear(self):
        self.stack.sql("checkpoint")
        data = self.stack.folder / "pg/data"
        patterns = self.stack.folder / "needles.txt"
        patterns.write_text("\n".join(needles()) + "\n", encoding="utf-8")
        self.addCleanup(patterns.unlink)
        found = run("grep", "-a", "-r", "-l", "-i", "-F", "-f", patterns, data, check=False)
        self.assertEqual(found.returncode, 1, f"found in {found.stdout}{found.stderr}")
        self.assertGreater(sum(path.stat().st_size for path in pathlib.Path(data).rglob("*") if path.is_file()), 10_000_000)

    def test_grep_would_find_what_is_in_clear(self):
        """The search itself works: the Persian name of a unit, which is no secret, is found."""
        self.stack.sql("checkpoint")
        found = run("grep", "-a", "-r", "-l", "-F", "مرکز آمار و فناوری اطلاعات", self.stack.folder / "pg/data", check=False)
        self.assertEqual(found.returncode, 0)

    def test_survey_results_are_ciphertext_of_one_length(self):
        lengths = self.stack.sql("select distinct octet_length(value_ct) from sanjeh.indicator_value v "
                                 "join sanjeh.indicator i on i.id = v.indicator_id where i.kind = 'survey'")
        self.assertEqual(len(lengths.split()), 1, lengths)
        clear = self.stack.sql("select count(*) from sanjeh.indicator_value v join sanjeh.indicator i on i.id = v.indicator_id "
                               "where i.kind = 'survey' and (v.value is not null or v.n is not null)")
        self.assertEqual(clear, "0")
        same = self.stack.sql("select count(*) - count(distinct value_ct) from sanjeh.indicator_value where value_ct is not null")
        self.assertEqual(same, "0", "equal ratings must not give equal ciphertexts")

    def test_a_value_moved_to_another_row_does_not_open(self):
        hrd = self.stack.client("hrd.manager")
        first, second = [judge["id"] for judge in hrd.items("/api/v1/judges")[:2]]
        swap = ("update sanjeh.judge a set name = b.name from sanjeh.judge b "
                f"where (a.id, b.id) in (('{first}', '{second}'), ('{second}', '{first}'))")
        names = {judge["id"]: judge["name"] for judge in hrd.items("/api/v1/judges")}
        self.stack.sql(swap)
        try:
            answer = hrd.get(f"/api/v1/judges/{first}")
            self.assertGreaterEqual(answer.status, 500, answer)
            self.assertNotIn(names[second], answer.body.decode())
        finally:
            self.stack.sql(swap)
        self.assertEqual(hrd.get(f"/api/v1/judges/{first}").json()["name"], names[first])

    def test_keys_are_not_in_the_database_or_the_log(self):
        root = (self.stack.folder / "keys/root.key").read_bytes()
        dump = subprocess.run(["pg_dump", "-d", self.stack.dsn()], capture_output=True, check=True).stdout
        self.assertNotIn(root.hex().encode(), dump)
        self.assertNotIn(root.hex(), self.stack.log())
        self.assertEqual((self.stack.folder / "keys/root.key").stat().st_mode & 0o077, 0)


if __name__ == "__main__":
    unittest.main()
