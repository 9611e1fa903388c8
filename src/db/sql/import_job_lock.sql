-- The same, held until the end of the transaction: a step and a cancellation do not meet.
select j.unit_id, j.id, j.compartment_id, j.kind, j.format, j.accept, j.period_from, j.period_to, j.cycle, j.is_dry_run,
    j.state, j.failure, j.bytes, j.at_byte, j.at_row, j.rows_read, j.rows_ok, j.rows_rejected, j.header, j.contribution_id,
    j.submitted_by, j.tenant_tag, j.created_at, j.started_at, j.ended_at, j.version, j.comment_ct,
    (extract(epoch from coalesce(j.ended_at, clock_timestamp()) - j.pass_started_at) * 1000)::int8,
    j.is_held, j.supersedes_id
from sanjeh.import_job j
where j.unit_id = $1::uuid and j.id = $2::uuid
for update
