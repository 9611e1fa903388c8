# SPDX-License-Identifier: Apache-2.0
"""The watch over the record: each rule raises one alarm a window and cause, as an entry, an item and a metric; none is lost or doubled by a
crash; what a database superuser changes around the record is seen."""

import json
import re
import subprocess
import time
import unittest
import uuid

from alarm_case import ALARMS, CAUSED, told
from stack import PSQL, ROOT, Stack, problem, run

RULES = {"SANJEH_ALARMS_LOOK_S": "1", "SANJEH_ALARMS_FAILED_FACTORS_THRESHOLD": "3", "SANJEH_ALARMS_FAILED_FACTORS_WINDOW_S": "604800",
         "SANJEH_ALARMS_DENIALS_THRESHOLD": "5", "SANJEH_ALARMS_DENIALS_WINDOW_S": "604800",
         "SANJEH_ALARMS_BULK_READS_THRESHOLD": "40", "SANJEH_ALARMS_BULK_READS_WINDOW_S": "604800",
         "SANJEH_ALARMS_OFF_HOURS": "1", "SANJEH_ALARMS_OFF_HOURS_WINDOW_S": "604800",
         "SANJEH_ALARMS_DAY_BEGINS_MIN": "0", "SANJEH_ALARMS_DAY_ENDS_MIN": "0",  # no time is office time
         "SANJEH_ALARMS_SUPERUSER_SESSION": "1", "SANJEH_ALARMS_SUPERUSER_SESSION_WINDOW_S": "604800",
         "SANJEH_AUDIT_SCRUB_CYCLE_S": "2"}


class AlarmTest(unittest.TestCase):
    env = RULES
    probes = 0

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(("hrd.manager", "sit.analyst", "security.officer", "admin.one"), env=cls.env)
        cls.stack.client("security.officer")

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def alarms(self, rule=None):
        return self.stack.client("security.officer").items(ALARMS + (f"?rule={rule}" if rule else ""))

    def wait_for(self, rule, count=1, seconds=40):
        deadline = time.time() + seconds
        while time.time() < deadline:
            found = self.alarms(rule)
            if len(found) >= count:
                break
            time.sleep(0.1)
        self.assertEqual(len(found), count, found)
        return found

    def settle(self):
        """Until the rules have seen every entry and looked once more."""
        size = int(self.stack.sql("select size from sanjeh.audit_head"))
        time.sleep(2.5)
        self.assertIn("sanjehd_watch_failing 0\n", self.metrics())
        self.assertGreaterEqual(int(self.stack.sql("select size from sanjeh.audit_head")), size)

    def metrics(self):
        return self.stack.anonymous().get("/metrics").body.decode()

    def entries_of(self, rule):
        text = self.stack.sql("select encode(entry, 'escape') from sanjeh.audit_entry where get_byte(entry, 73) = 15 "
                              "order by idx")
        return [line for line in text.splitlines() if f"rule={rule};" in line]

    def probe(self, client, count):
        for _ in range(count):
            type(self).probes += 1
            self.assertEqual(client.get(f"/api/v1/judges/{uuid.uuid5(uuid.NAMESPACE_OID, str(self.probes))}").status, 404)


class Rules(AlarmTest):
    def test_every_rule_of_the_product_is_caused_and_told(self):
        rules = set(re.findall(r'^sanjehd_alarms_open\{rule="([a-z-]+)"\}', self.metrics(), re.M))
        self.assertEqual(rules, set(CAUSED))
        for rule, module in CAUSED.items():
            self.assertRegex((ROOT / module).read_text(), rf'told\(self, (self\.)?stack, "{rule}", ', rule)

    def test_denials_at_many_objects_are_one_alarm(self):
        client = self.stack.client("hrd.manager")
        old_bookmark = uuid.uuid5(uuid.NAMESPACE_OID, "bookmark")
        for _ in range(12):
            client.get(f"/api/v1/judges/{old_bookmark}")
        self.settle()
        self.assertEqual(self.alarms("denials"), [])
        self.probe(client, 10)
        alarm, = self.wait_for("denials")
        self.assertEqual(alarm["cause"], f"account={self.stack.accounts['hrd.manager']['id']}")
        self.assertLess(alarm["first_index"], alarm["last_index"])
        first = self.stack.client("security.officer").get(f"/api/v1/audit/entries/{alarm['first_index']}").json()
        self.assertIn((first["status"], first["outcome"]), ((403, "denied"), (404, "denied")))
        self.probe(client, 10)
        self.settle()
        self.wait_for("denials")
        self.assertEqual(len(self.entries_of("denials")), 1)
        told(self, self.stack, "denials", alarm["cause"])
        self.assertIn('sanjehd_alarms_open{rule="denials"} 1\n', self.metrics())
        self.assertIn('sanjehd_alarms_raised_total{rule="denials"} 1\n', self.metrics())

    def test_acknowledged_once_with_a_reason_by_the_officer(self):
        self.stack.sql("create role alarm_ack superuser nologin")
        self.addCleanup(self.stack.sql, "drop role alarm_ack")
        alarm = next(iter([a for a in self.wait_until("superuser", "role=alarm_ack")]))
        officer, path = self.stack.client("security.officer"), f"{ALARMS}/{alarm['id']}"
        for name in ("hrd.manager", "admin.one"):
            self.assertEqual(self.stack.client(name).get(ALARMS).status, 403)
            self.assertEqual(self.stack.client(name).post(path + "/acknowledge", {"reason": "nothing"}).status, 403)
        problem(self, officer.post(path + "/acknowledge", {"reason": "planned"}), 428)
        tag = {"If-Match": officer.get(path).header("ETag")}
        problem(self, officer.post(path + "/acknowledge", {"reason": "x"}, headers=tag), 422)
        problem(self, officer.post(f"{ALARMS}/{uuid.uuid5(uuid.NAMESPACE_OID, 'none')}/acknowledge", {"reason": "planned"}, headers=tag), 404)
        done = officer.post(path + "/acknowledge", {"reason": "planned work of the database team"}, headers=tag)
        self.assertEqual((done.status, done.json()["reason"]), (200, "planned work of the database team"), done)
        self.assertEqual(done.json()["acknowledged_by"], self.stack.accounts["security.officer"]["id"])
        entry = officer.get(f"/api/v1/audit/entries/{done.header('Audit-Index')}").json()
        self.assertEqual((entry["action"], entry["object"], entry["detail"].split(";")[0]),
                         ("alarm:acknowledge", alarm["id"], "rule=superuser"))
        again = officer.post(path + "/acknowledge", {"reason": "again"}, headers={"If-Match": done.header("ETag")})
        self.assertEqual(again.status, 409, again)
        self.assertNotIn(alarm["id"], [a["id"] for a in officer.items(ALARMS + "?acknowledged=no")])
        done = self.stack.sql(f"update sanjeh.record_alarm set cause = 'x' where id = '{alarm['id']}'", check=False)
        self.assertIn("what was raised stays", done.stderr)
        problem(self, officer.get(ALARMS + "?rule=weather"), 400)

    def wait_until(self, rule, cause, seconds=40):
        deadline = time.time() + seconds
        while time.time() < deadline:
            found = [alarm for alarm in self.alarms(rule) if alarm["cause"].startswith(cause)]
            if found:
                return found
            time.sleep(0.1)
        self.fail(f"no alarm {rule} {cause}: {self.alarms(rule)}")

    def test_failed_second_factors_of_one_account(self):
        account = self.stack.accounts["sit.analyst"]
        for _ in range(3):
            client = self.stack.anonymous()
            answer = client.post("/api/v1/login", {"username": "sit.analyst", "password": account["password"]})
            while answer.status == 429:
                time.sleep(0.5)
                answer = client.post("/api/v1/login", {"username": "sit.analyst", "password": account["password"]})
            self.assertEqual(answer.status, 200, answer)
            wrong = client.post("/api/v1/login/second-factor",
                                {"challenge": answer.json()["challenge"], "method": "totp", "code": "000000"})
            self.assertIn(wrong.status, (401, 429), wrong)
        alarm, = self.wait_for("failed-factors")
        self.assertEqual((alarm["cause"], alarm["count"]), (f"account={account['id']}", 3))
        told(self, self.stack, "failed-factors", alarm["cause"])

    def test_many_persons_files_opened_by_one_account(self):
        client = self.stack.client("hrd.manager")
        for number in range(8):
            made = client.post("/api/v1/judges", {"personnel_number": f"BULK-{number}", "name": "قاضی آزمون"})
            self.assertEqual(made.status, 201, made)
        for _ in range(5):
            self.assertEqual(len(client.get("/api/v1/judges").json()["items"]), 8)
        alarm, = self.wait_for("bulk-reads")
        self.assertEqual(alarm["cause"], f"account={self.stack.accounts['hrd.manager']['id']}")
        self.assertGreaterEqual(alarm["count"], 40)
        told(self, self.stack, "bulk-reads", alarm["cause"])

    def test_access_outside_office_hours(self):
        self.assertEqual(self.stack.client("admin.one").get("/api/v1/me").status, 200)
        alarm, = self.wait_until("off-hours", f"account={self.stack.accounts['admin.one']['id']}")
        self.assertEqual(alarm["count"], 1)
        told(self, self.stack, "off-hours", alarm["cause"])

    def test_a_superuser_and_his_session(self):
        self.stack.sql("create role alarm_root superuser login")
        self.addCleanup(self.stack.sql, "drop role alarm_root")
        told(self, self.stack, "superuser", "role=alarm_root")
        session = subprocess.Popen([PSQL, "-X", "-q", "-d", self.stack.dsn(), "-c", "set session authorization default; select pg_sleep(60)"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(session.wait)
        self.addCleanup(session.kill)
        role = self.stack.sql("select session_user")
        told(self, self.stack, "superuser-session", self.wait_until("superuser-session", f"role={role}")[0]["cause"])

    def health(self):
        return self.stack.anonymous().get("/readyz").json()["scrub"]

    def wait_health(self, state):
        deadline = time.time() + 40
        while self.health() != state and time.time() < deadline:
            time.sleep(0.1)
        self.assertEqual(self.health(), state)

    def scrub(self):
        return run(self.stack.build / "server/sanjeh", "audit", "scrub", "--json", "--config", self.stack.folder / "sanjehd.conf",
                   check=False)

    def test_y_the_scrubber_tells_everybody(self):
        self.wait_health("clean")
        self.assertEqual(self.alarms("scrub"), [])
        edit = "update sanjeh.audit_entry set entry = set_byte(entry, 60, get_byte(entry, 60) # 1) where idx = 3"
        self.stack.sql(f"set session_replication_role = replica; {edit}")
        self.wait_health("findings")
        alarm, = self.wait_for("scrub")
        self.assertEqual(alarm["cause"], "what=the entry does not give its leaf hash")
        entry = self.stack.client("security.officer").get(f"/api/v1/audit/entries/{alarm['last_index']}").json()
        self.assertEqual((entry["kind"], entry["action"], entry["outcome"]), ("scrub", "log:scrub", "failed"))
        self.assertIn(";index=3;", entry["detail"])
        self.assertNotIn("sanjehd_scrub_findings 0\n", self.metrics())
        done = self.scrub()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(json.loads(done.stdout or "{}").get("index"), 3, done.stderr)
        self.stack.sql(f"set session_replication_role = replica; {edit}")
        self.wait_health("clean")
        done = self.scrub()
        self.assertEqual((done.returncode, json.loads(done.stdout)["findings"]), (0, 0), done.stderr)
        self.assertEqual(len(self.alarms("scrub")), 1, "one alarm a window and cause")
        told(self, self.stack, "scrub", alarm["cause"])

    def test_yz_the_scrubber_compares_the_index(self):
        self.wait_health("clean")
        self.stack.sql("set session_replication_role = replica; delete from sanjeh.audit_run where ctid = "
                       "(select r.ctid from sanjeh.audit_run as r order by r.run_from limit 1)")
        self.wait_health("findings")
        alarm = self.wait_until("scrub", "what=the search index is not what the entries give")[0]
        self.assertEqual(self.stack.client("security.officer").post("/api/v1/audit/index/rebuild").status // 100, 2)
        self.wait_health("clean")
        told(self, self.stack, "scrub", alarm["cause"])

    def test_z_a_crash_loses_no_alarm_and_doubles_none(self):
        self.wait_for("denials")
        self.probe(self.stack.client("sit.analyst"), 4)
        self.stack.kill9()
        self.stack.start()
        self.stack.forget_sessions()
        self.probe(self.stack.client("sit.analyst"), 3)  # 4 before and 3 after are one window's 7
        found = self.wait_for("denials", 2)
        self.settle()
        self.assertEqual({alarm["cause"] for alarm in found},
                         {f"account={self.stack.accounts[name]['id']}" for name in ("hrd.manager", "sit.analyst")})
        self.assertEqual(len(self.entries_of("denials")), 2)
        # whoever moves the watch past what it should have seen is not believed
        self.stack.kill9()
        self.stack.sql("insert into sanjeh.record_follower (name, position, state, mac) values ('alarms', 1000000, '', sha256('x')) "
                       "on conflict (name) do update set position = 1000000")
        self.stack.start()
        self.stack.forget_sessions()
        told(self, self.stack, "watch", "forged=alarms")
        self.assertEqual([alarm["cause"] for alarm in self.wait_for("watch")], ["forged=alarms"])
        self.settle()
        self.assertEqual(len(self.entries_of("denials")), 2)


if __name__ == "__main__":
    unittest.main()
