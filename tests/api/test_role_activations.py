# SPDX-License-Identifier: Apache-2.0
"""Roles on demand and roles apart: activated after the second factor was shown again, dropped, ended with their minutes, never two of
a dynamic set, and no activation that the product did not seal."""

import time
import unittest

from rbac_case import RbacTest, problem


class Activations(RbacTest):
    ACCOUNTS = ("admin.one",)

    def activate(self, client, role, **more):
        return client.post("/api/v1/sessions/current/roles", {"role": role, **more})

    def step_up(self, name, client):
        """A code works once: the next one, should the sign-in have taken this one."""
        for _ in range(2):
            answer = client.post("/api/v1/sessions/current/step-up", {"code": self.stack.book(name).next_code()})
            if answer.status == 200:
                return answer
        return answer

    def test_on_demand_with_step_up_minutes_and_seals(self):
        name, account = self.account("member,guarded,quick")
        client = self.stack.client(name)
        self.assertEqual(self.roles(client), ["member"])
        self.assertEqual(self.states(client), {"member": "active", "guarded": "available", "quick": "available"})
        self.refused(self.activate(client, "guarded"), 403, "STEP_UP_REQUIRED", "/role")
        problem(self, client.post("/api/v1/sessions/current/step-up", {"code": "000000"}), 401, "LOGIN_FAILED")
        self.refused(self.activate(client, "guarded"), 403, "STEP_UP_REQUIRED", "/role")
        shown = self.step_up(name, client)
        self.assertEqual(shown.status, 200, shown)
        self.assertEqual(self.activate(client, "guarded", reason="رسیدگی به هشدار").status, 204)
        self.assertEqual(set(self.roles(client)), {"member", "guarded"})
        problem(self, self.activate(client, "administrator"), 404, "NOT_FOUND")
        # another session of the same account has none of it
        self.assertEqual(client.delete("/api/v1/sessions/current/roles/guarded").status, 204)
        self.assertEqual(self.roles(client), ["member"])
        problem(self, client.delete("/api/v1/sessions/current/roles/guarded"), 409, "CONFLICT")
        # without an acr it needs no step-up, and ends by itself
        self.assertEqual(self.activate(client, "quick").status, 204)
        self.assertEqual(set(self.roles(client)), {"member", "quick"})
        self.clock("advance", "6m")
        self.soon(lambda: self.roles(client), ["member"])
        self.assertEqual(self.states(client)["quick"], "available")
        # a superuser writes an activation: the session is none
        session = client.get("/api/v1/me").json()["session"]["id"]
        self.stack.sql(f"""update sanjeh.session_role set state = 'active', ends_at = null, since = sanjeh.clock_now()
            where session_id = '{session}'""")
        self.soon(lambda: client.get("/api/v1/me").status, 401)

    def test_roles_of_a_dynamic_set_are_never_active_together(self):
        name, _ = self.account("member,left,right")
        client = self.stack.client(name)
        self.assertEqual(self.states(client), {"member": "active", "left": "held-apart", "right": "held-apart"})
        self.assertEqual(self.activate(client, "left").status, 204)
        self.assertEqual(self.states(client), {"member": "active", "left": "active", "right": "held-apart"})
        self.refused(self.activate(client, "right"), 403, "DYNAMIC_SEPARATION", "/role")
        self.assertEqual(client.delete("/api/v1/sessions/current/roles/left").status, 204)
        self.assertEqual(self.activate(client, "right").status, 204)
        self.assertEqual(self.states(client), {"member": "active", "left": "dropped", "right": "active"})

    def test_a_dropped_role_is_dropped_in_this_session_alone(self):
        name, _ = self.account("member,unit-contributor")
        client = self.stack.client(name)
        self.assertEqual(client.get("/api/v1/judges").status, 200)
        self.assertEqual(client.delete("/api/v1/sessions/current/roles/unit-contributor").status, 204)
        self.assertEqual(client.get("/api/v1/judges").status, 403)
        deadline = time.monotonic() + 70
        answer = self.stack.sign_in(name)
        while answer.status == 401 and time.monotonic() < deadline:
            answer = self.stack.sign_in(name)
        other = self.stack.anonymous(token=answer.json()["token"])
        self.assertEqual(other.get("/api/v1/judges").status, 200)
        self.assertEqual(client.get("/api/v1/judges").status, 403)


if __name__ == "__main__":
    unittest.main()
