-- SPDX-License-Identifier: Apache-2.0
-- A page of openings. $3: of this account, $4: of this evaluation (nil: any), $5: those alone that nobody has reviewed.
select g.id, g.evaluation_id, g.judge_id, g.account_id, g.person_id, g.account_unit, g.reason, g.opened_at, g.ends_at, g.notice_at,
    g.review_due, g.closed_at, g.closed_by, g.reviewed_at, g.reviewed_by, g.outcome, g.review, g.seal, g.version
from sanjeh.break_glass as g
where g.id > $1::uuid
    and $3::uuid in (g.account_id, '00000000-0000-0000-0000-000000000000'::uuid)
    and $4::uuid in (g.evaluation_id, '00000000-0000-0000-0000-000000000000'::uuid)
    and (not $5::boolean or g.reviewed_at is null)
order by g.id
limit $2::int8
