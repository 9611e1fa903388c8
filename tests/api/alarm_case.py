# SPDX-License-Identifier: Apache-2.0
"""What an alarm must be in all three places: an entry of the record, an item for the security officer, a metric. And which test causes each
rule for real: tests/api/test_alarms.py fails when the product has a rule that is not here, or the file does not ask for it."""

import re
import time

ALARMS = "/api/v1/audit/alarms"
PATIENCE_S = 60
ALARMS_TEST = "tests/api/test_alarms.py"
CAUSED = {
    "failed-factors": ALARMS_TEST, "denials": ALARMS_TEST, "bulk-reads": ALARMS_TEST, "off-hours": ALARMS_TEST, "superuser": ALARMS_TEST,
    "superuser-session": ALARMS_TEST, "scrub": ALARMS_TEST, "watch": ALARMS_TEST,
    "schema": "tests/abuse/test_attack_13_switched_off_guards.py", "clock": "tests/api/test_clock_jump.py",
    "witness": "tests/api/test_publish.py", "break-glass": "tests/api/test_break_glass.py", "sink": "tests/api/test_sinks.py",
}


def until(ask):
    """The first answer that is something; the last one when patience ends."""
    deadline = time.time() + PATIENCE_S
    while not (found := ask()) and time.time() < deadline:
        time.sleep(0.1)
    return found


def told(test, stack, rule, cause, officer="security.officer"):
    """The alarm, when the record, the officer's list and the metrics say it."""
    client = stack.client(officer)

    def item():
        return [alarm for alarm in client.items(f"{ALARMS}?rule={rule}") if alarm["cause"] == cause]

    def entry():
        found = client.get("/api/v1/audit/entries?action=alarm:raise&limit=200&reason=what%20was%20raised").json()["items"]
        return [entry for entry in found if f"rule={rule};cause=({cause});" in entry["detail"]]

    def metric(name):
        return re.search(rf'^sanjehd_alarms_{name}{{rule="{rule}"}} [1-9]', stack.anonymous().get("/metrics").body.decode(), re.M)

    alarms = until(item)
    test.assertNotEqual(alarms, [], f"no item {rule} {cause}")
    test.assertEqual((alarms[0]["rule"], client.get(f"{ALARMS}/{alarms[0]['id']}").json()["cause"]), (rule, cause))
    entries = until(entry)  # until the index has it
    test.assertEqual({(entry["kind"], entry["outcome"]) for entry in entries}, {("alarm", "failed")}, f"no entry {rule} {cause}")
    test.assertTrue(until(lambda: metric("open")), f"no metric of open alarms: {rule}")  # until the next look
    test.assertTrue(until(lambda: metric("raised_total")), f"no metric of raised alarms: {rule}")
    return alarms[0]
