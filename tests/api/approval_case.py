# SPDX-License-Identifier: Apache-2.0
"""What takes two persons, for tests of the deeds: asks, shows both factors, approves."""

import hashlib

APPROVALS = "/api/v1/approvals"


def proof(stack, username):
    """Both factors of the account, as a step-up wants them."""
    return {"method": "password+totp", "password": stack.accounts[username]["password"], "code": stack.book(username).next_code()}


def stepped_up(stack, username, path, etag=None, **more):
    """The answer of a deed that wants both factors again. A code that an earlier program used up is followed by the next."""
    client = stack.client(username)
    headers = {"If-Match": etag} if etag else {}
    for _ in range(3):
        body = {**proof(stack, username), **more}  # may wait for a code, longer than a connection lives
        client.close()
        answer = client.post(path, body, headers=headers)
        if answer.status != 403 or answer.json()["code"] != "STEP_UP_FAILED":
            break
    return answer


def ask(stack, requester, action, object_id, parameters, **more):
    return stack.client(requester).post(APPROVALS, {"action": action, "object": object_id, "parameters": parameters,
                                                    "reason": "برای آزمون", **more})


def approve(stack, approver, made):
    return stepped_up(stack, approver, f"{APPROVALS}/{made.json()['id']}/approve", made.header("ETag"))


def approver(stack, name):
    """A process owner of the Human Resources deputy who approves, made when first needed."""
    if name not in stack.accounts:
        stack.add_accounts({name: ("HRD", "-", "process-owner", "تأییدکننده")})
    return name


def correction(stack, requester, name, evaluation, reason):
    """The body of a correction order that somebody has approved."""
    parameters = {"reason_sha256": hashlib.sha256(reason.strip().encode()).hexdigest()}
    made = ask(stack, requester, "correction:create", evaluation, parameters)
    if made.status != 201:
        raise RuntimeError(f"{requester} could not ask: {made!r}")
    done = approve(stack, approver(stack, name), made)
    if done.status != 200 or done.json()["state"] != "approved":
        raise RuntimeError(f"{name} could not approve: {done!r}")
    return {"reason": reason, "approval": made.json()["id"]}
