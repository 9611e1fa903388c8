# SPDX-License-Identifier: Apache-2.0
"""Can one unit, a judge, or the database role of the server itself see what belongs to another (I3, I6)?"""

import unittest
import uuid

from stack import REGISTERS, SharedTest, problem

SECRET_TABLES = "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'sanjeh' " \
    "and c.relkind in ('r', 'p') and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'unit_id')"


class Units(SharedTest):
    def assert_same_as_absent(self, client, path):
        """404 with the same body as for a random id, but for the request's own id."""
        bodies = []
        for target in (path, path.rsplit("/", 1)[0] + f"/{uuid.uuid4()}"):
            answer = client.get(target)
            document = problem(self, answer, 404, "NOT_FOUND")
            del document["request_id"]
            bodies.append((document, sorted(name.lower() for name, _ in answer.headers)))
        self.assertEqual(bodies[0], bodies[1])

    def test_anothers_object_looks_absent(self):
        hrd, sit = self.stack.client("hrd.manager"), self.stack.client("sit.manager")
        paths = {
            "judge": f"/api/v1/judges/{hrd.items('/api/v1/judges')[0]['id']}",
            "value": f"/api/v1/indicator-values/{hrd.items('/api/v1/indicator-values')[0]['id']}",
            "contribution": f"/api/v1/contributions/{hrd.items('/api/v1/contributions')[0]['id']}",
        }
        for name, path in paths.items():
            with self.subTest(name):
                self.assertEqual(hrd.get(path).status, 200, path)
                self.assert_same_as_absent(sit, path)
        fact = f"/api/v1/facts/{sit.items('/api/v1/facts')[0]['id']}"
        self.assertEqual(sit.get(fact).status, 200)
        self.assert_same_as_absent(self.stack.client("board.five"), fact)

    def test_anothers_object_cannot_be_changed(self):
        hrd, sit = self.stack.client("hrd.manager"), self.stack.client("sit.manager")
        path = f"/api/v1/judges/{hrd.items('/api/v1/judges')[0]['id']}"
        etag = hrd.get(path).header("ETag")
        problem(self, sit.patch(path, {"name": "x"}, headers={"If-Match": etag}), 404, "NOT_FOUND")
        self.assertEqual(hrd.get(path).header("ETag"), etag)

    def test_other_units_lists_are_empty(self):
        for username in ("sc.manager", "jdpe.manager"):
            for name in ("indicator-values", "contributions"):
                self.assertEqual(self.stack.client(username).items(f"/api/v1/{name}"), [], (username, name))
        for name in ("judges", "facts", "postings"):
            self.assertEqual(self.stack.client("board.five").items(f"/api/v1/{name}"), [], name)
        discipline = self.stack.client("jdpd.manager")
        self.assertEqual(discipline.items("/api/v1/contributions"), [])
        for name in ("facts", "indicator-values"):
            problem(self, discipline.get(f"/api/v1/{name}"), 403, "FORBIDDEN")

    def test_compartments_are_walls(self):
        self.stack.add_accounts(REGISTERS)
        evaluation, disciplinary = self.stack.client("jdpe.register"), self.stack.client("jdpd.register")
        number = f"J-{uuid.uuid4().hex[:8].upper()}"
        sent = evaluation.post("/api/v1/contributions", {
            "kind": "roster", "period": "1404", "format": "csv", "data": f"personnel_number,name\n{number},قاضی دیوار\n"})
        self.assertEqual(sent.status, 201, sent)
        path = f"/api/v1/contributions/{sent.json()['id']}"
        self.assertEqual(evaluation.get(path).status, 200)
        self.assert_same_as_absent(disciplinary, path)
        self.assertEqual(disciplinary.items("/api/v1/contributions"), [])
        judge = evaluation.items("/api/v1/judges")[0]["id"]
        self.assert_same_as_absent(disciplinary, f"/api/v1/judges/{judge}")
        self.stack.sql(f"delete from sanjeh.blind_index where row_id = '{judge}'; delete from sanjeh.judge where id = '{judge}'")
        self.stack.sql(f"delete from sanjeh.contribution where id = '{sent.json()['id']}'", check=False)

    def test_a_judge_cannot_open_a_colleagues_file(self):
        client = self.stack.client("judge.one")
        other = self.stack.client("judge.two").get("/api/v1/me").json()["judge_id"]
        self.assert_same_as_absent(client, f"/api/v1/judges/{other}")

    def test_administrators_and_officers_see_no_evaluation_data(self):
        for username in ("admin.one", "security.officer"):
            client = self.stack.client(username)
            for name in ("judges", "indicator-values", "facts", "contributions"):
                with self.subTest(f"{username} {name}"):
                    problem(self, client.get(f"/api/v1/{name}"), 403, "FORBIDDEN")

    def test_only_administrators_list_accounts_of_all_units(self):
        names = {account["username"] for account in self.stack.client("admin.one").items("/api/v1/accounts")}
        self.assertLessEqual({"hrd.manager", "sit.manager", "judge.one"}, names)
        problem(self, self.stack.client("judge.one").get("/api/v1/accounts"), 403, "FORBIDDEN")

    def test_only_the_security_officer_exports_the_record(self):
        for username in ("hrd.manager", "admin.one", "judge.one"):
            problem(self, self.stack.client(username).post("/api/v1/audit/exports", {"from": 0, "to": None}), 403, "FORBIDDEN")


class Database(SharedTest):
    def tables(self):
        return self.stack.sql(SECRET_TABLES).split()

    def test_every_table_with_a_unit_has_forced_row_security(self):
        self.assertTrue(self.tables())
        weak = self.stack.sql(SECRET_TABLES + " and not (c.relrowsecurity and c.relforcerowsecurity)")
        self.assertEqual(weak, "")

    def test_the_server_role_without_or_with_a_forged_context_gets_no_row(self):
        hrd = self.stack.sql("select id from sanjeh.unit where code = 'HRD'")
        forged = {
            "missing": "",
            "empty": "set sanjeh.context = '';",
            "garbage": "set sanjeh.context = 'v1.x';",
            "no signature": f"set sanjeh.context = 'v1.99999999999.{hrd}.';",
            "zero signature": f"set sanjeh.context = 'v1.99999999999.{hrd}.{'0' * 64}';",
            "random signature": f"set sanjeh.context = 'v1.99999999999.{hrd}.{uuid.uuid4().hex * 2}';",
            "system scope": f"set sanjeh.context = 'v1.99999999999.00000000-0000-8000-8000-000000000001.{'a' * 64}';",
        }
        for table in self.tables():
            for name, setting in forged.items():
                with self.subTest(f"{table} {name}"):
                    done = self.stack.sql(f"{setting} select count(*) from sanjeh.{table};", role="app", check=False)
                    refused = "permission denied" in done.stderr
                    self.assertTrue(refused or done.stdout.strip() == "0", (done.stdout, done.stderr))

    def test_the_server_role_cannot_write_without_a_context(self):
        for table in self.tables():
            done = self.stack.sql(f"delete from sanjeh.{table};", role="app", check=False)
            self.assertTrue("permission denied" in done.stderr or done.returncode == 0, done.stderr)
        self.assertEqual(len(self.stack.client("hrd.manager").items("/api/v1/judges")), 43)

    def test_the_server_role_owns_nothing_and_may_not_define(self):
        policy = self.stack.sql("select quote_ident(policyname) from pg_policies where tablename = 'judge' limit 1")
        attempts = {
            "create table": "create table sanjeh.t (a int)",
            "create in public": "create table public.t (a int)",
            "temporary": "create temporary table t (a int)",
            "drop policy": f"drop policy {policy} on sanjeh.judge",
            "disable": "alter table sanjeh.judge disable row level security",
            "context key": "select * from sanjeh.context_key",
            "become owner": "set role sanjeh_owner",
            "row_security off": "set row_security = off; select count(*) from sanjeh.judge",
            "edit the record": "update sanjeh.audit_entry set entry = entry",
            "shorten the record": "delete from sanjeh.audit_entry",
        }
        for name, sql in attempts.items():
            with self.subTest(name):
                done = self.stack.sql(sql, role="app", check=False)
                self.assertNotEqual(done.returncode, 0, done.stdout)

    def test_the_auditor_role_reads_the_record_and_nothing_else(self):
        self.assertGreater(int(self.stack.sql("select count(*) from sanjeh.audit_entry", role="auditor")), 0)
        self.assertNotEqual(self.stack.sql("select count(*) from sanjeh.judge", role="auditor", check=False).returncode, 0)
        self.assertNotEqual(self.stack.sql("delete from sanjeh.audit_entry", role="auditor", check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
