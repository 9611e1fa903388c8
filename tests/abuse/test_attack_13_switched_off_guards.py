# SPDX-License-Identifier: Apache-2.0
"""Attack 13 (AUDIT 4.1): a database superuser turns off, replaces or bends what guards the record. The watch says what he changed; nothing
else is alarmed, and nobody else speaks: the record itself is what was signed."""

import unittest

from panel import ALARMS, Panel, wait_for

from alarm_case import told  # noqa: E402, panel says where it is

FUNCTION = ("create or replace function sanjeh.audit_refuse_change() returns trigger language plpgsql set search_path = sanjeh, pg_catalog "
            "as $$ begin return new; end $$")


class SwitchedOffGuards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.panel = Panel.own(accounts=("hrd.manager", "security.officer"))
        cls.stack, cls.officer = cls.panel.stack, cls.panel.officer
        try:
            cls.stack.client("hrd.manager").get("/api/v1/me")
            found = cls.panel.pin()
            assert found == {}, found
            cls.panel.looked()
        except BaseException:
            cls.panel.destroy()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.panel.destroy()

    def found(self):
        return self.officer.items(ALARMS)

    def attack(self, sql, *what):
        before = {alarm["id"] for alarm in self.found()}
        self.stack.sql(sql)
        news = wait_for(lambda: [alarm for alarm in self.found() if alarm["id"] not in before], "an alarm")
        self.assertEqual([alarm["rule"] for alarm in news], ["schema"], (sql, news))
        for text in what:
            self.assertIn(text, news[0]["detail"])
        told(self, self.stack, "schema", news[0]["cause"])

    def test_attack_13_nothing_changed_is_no_alarm(self):
        self.stack.sql("vacuum analyze sanjeh.audit_entry; analyze sanjeh.audit_head; reindex table sanjeh.audit_seen")
        before = self.found()
        self.panel.looked()
        self.assertEqual(self.found(), before)

    def test_attack_13_trigger_function_and_role(self):
        self.attack("alter table sanjeh.audit_entry disable trigger audit_entry_append_only;"
                    "alter role sanjeh_app set search_path = public, sanjeh;" + FUNCTION,
                    "changed trigger audit_entry.audit_entry_append_only", "changed function audit_refuse_change", "changed role-setting")

    def test_attack_13_changed_and_changed_back_between_two_looks(self):
        self.attack("begin; alter table sanjeh.audit_tile disable trigger audit_tile_append_only;"
                    "alter table sanjeh.audit_tile enable trigger audit_tile_append_only; commit",
                    "changes=1;", "changed trigger audit_tile.audit_tile_append_only")

    def test_attack_13_dropped_and_recreated_table(self):
        self.attack("""begin; create table sanjeh.kept (like sanjeh.audit_seen including all); insert into sanjeh.kept table sanjeh.audit_seen;
            drop table sanjeh.audit_seen; alter table sanjeh.kept rename to audit_seen;
            alter table sanjeh.audit_seen owner to sanjeh_owner; alter table sanjeh.audit_seen enable row level security;
            create policy system_all on sanjeh.audit_seen using (true); grant select on sanjeh.audit_seen to sanjeh_app;
            grant all on sanjeh.audit_seen to sanjeh_owner; commit""", "changed table audit_seen")

    def test_attack_13_commits_that_are_not_durable(self):
        self.attack("alter role sanjeh_app set synchronous_commit = off; alter system set full_page_writes = off;"
                    "alter system set fsync = off; select pg_reload_conf()",
                    "role-setting", "changed setting full_page_writes", "changed setting fsync")
        self.attack("alter role sanjeh_app reset synchronous_commit; alter system reset all; select pg_reload_conf()",
                    "role-setting", "changed setting full_page_writes", "changed setting fsync")

    def test_attack_13_while_the_server_is_down(self):
        before = {alarm["id"] for alarm in self.found()}
        self.stack.kill9()
        self.stack.sql("alter table sanjeh.audit_checkpoint disable trigger audit_checkpoint_append_only")
        self.stack.start()
        self.panel.looked()
        news = [alarm for alarm in self.found() if alarm["id"] not in before and alarm["rule"] == "schema"]
        self.assertIn("changed trigger audit_checkpoint.audit_checkpoint_append_only", " ".join(alarm["detail"] for alarm in news))

    def test_attack_13_z_of_all_this_the_watch_alone_speaks(self):
        """Asked after all of them, and after one that this test makes itself."""
        self.attack("alter table sanjeh.audit_tenant disable trigger user", "changed trigger audit_tenant.")
        found = self.panel.ask(entries=(0, self.panel.last), units=("HRD",))
        self.assertEqual({rule for rule, _ in found.pop("alarms")}, {"schema"})
        self.assertEqual(found, {"log": ["alarm.raised"]})


if __name__ == "__main__":
    unittest.main()
