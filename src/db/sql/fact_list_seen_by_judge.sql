-- A page of the rows about judge $5, whoever sent them: all that a named scope opens ($2), or of the own unit ($1, null: none), or of a
-- judge of files and populations.
select f.unit_id, f.id, f.judge_id, f.court_id, c.code, f.contribution_id, f.period_from, f.period_to,
    f.pending_start, f.filed, f.returned, f.transferred_in, f.transferred_out, f.resolved,
    f.pending_end, f.created_at, f.case_type, f.on_time, f.hearings, f.first_date_held, f.adjourned_no_ground,
    exists (select from sanjeh.data_issue d where d.fact_id = f.id and d.state = 'open')
from sanjeh.workload_fact f
left join sanjeh.court c on c.id = f.court_id
where f.judge_id = $5::uuid
    and ($2::bool or f.unit_id = $1::uuid or f.judge_id in (select unnest((select sanjeh.readable_judges(1)))))
    and f.id > $3::uuid
    and ($6::uuid is null or f.court_id = $6::uuid)
    and ($7::uuid is null or f.contribution_id = $7::uuid)
    and ($8::date is null or f.period_from >= $8::date)
    and ($9::date is null or f.period_to <= $9::date)
    and f.in_force
order by f.id
limit $4::int8
