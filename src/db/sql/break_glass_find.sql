-- SPDX-License-Identifier: Apache-2.0
select g.id, g.evaluation_id, g.judge_id, g.account_id, g.person_id, g.account_unit, g.reason, g.opened_at, g.ends_at, g.notice_at,
    g.review_due, g.closed_at, g.closed_by, g.reviewed_at, g.reviewed_by, g.outcome, g.review, g.seal, g.version
from sanjeh.break_glass as g
where g.id = $1::uuid
