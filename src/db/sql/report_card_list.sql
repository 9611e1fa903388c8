-- Row security chooses. $3, $4, $5 null: any evaluation, any judge, cards that gave way too.
select c.unit_id, c.id, c.evaluation_id, c.judge_id, c.round, c.no, c.prev_sha256, c.sha256, c.signature,
    c.test, c.supersedes, c.superseded_by, c.issued_by, c.issued_at, c.version, c.bytes, c.key_version
from sanjeh.report_card c
where c.id > $1::uuid
    and ($3::uuid is null or c.evaluation_id = $3::uuid)
    and ($4::uuid is null or c.judge_id = $4::uuid)
    and (not $5::bool or c.superseded_by is null)
order by c.id
limit $2::int8
