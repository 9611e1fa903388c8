-- SPDX-License-Identifier: Apache-2.0
select n.approval_id, n.postponed_until, n.reason, n.postponed_by, n.postponed_at, n.seal
from sanjeh.break_glass_notice as n
where n.approval_id = $1::uuid
