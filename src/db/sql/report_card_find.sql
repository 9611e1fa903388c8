select c.unit_id, c.id, c.evaluation_id, c.judge_id, c.round, c.no, c.prev_sha256, c.sha256, c.signature,
    c.test, c.supersedes, c.superseded_by, c.issued_by, c.issued_at, c.version, c.bytes, c.key_version
from sanjeh.report_card c
where c.id = $1::uuid
