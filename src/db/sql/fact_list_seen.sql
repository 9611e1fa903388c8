-- A page of rows beyond one unit: of every unit ($2: a named scope opens all), or of the own unit ($1, null: none) and of the judges of
-- files and populations. The next rows of each unit, of each judge, by their indexes; the first of them all.
select f.unit_id, f.id, f.judge_id, f.court_id, c.code, f.contribution_id, f.period_from, f.period_to,
    f.pending_start, f.filed, f.returned, f.transferred_in, f.transferred_out, f.resolved,
    f.pending_end, f.created_at, f.case_type, f.on_time, f.hearings, f.first_date_held, f.adjourned_no_ground,
    exists (select from sanjeh.data_issue d where d.fact_id = f.id and d.state = 'open')
from (
    select n.* from sanjeh.unit u cross join lateral (
        select w.* from sanjeh.workload_fact w
        where w.unit_id = u.id and w.id > $3::uuid
            and ($6::uuid is null or w.court_id = $6::uuid)
            and ($7::uuid is null or w.contribution_id = $7::uuid)
            and ($8::date is null or w.period_from >= $8::date)
            and ($9::date is null or w.period_to <= $9::date)
            and w.in_force
        order by w.id
        limit $4::int8) n
    where $2::bool or u.id = $1::uuid
    union
    select n.* from unnest(sanjeh.readable_judges(1)) r (id) cross join lateral (
        select w.* from sanjeh.workload_fact w
        where w.judge_id = r.id and w.id > $3::uuid
            and ($6::uuid is null or w.court_id = $6::uuid)
            and ($7::uuid is null or w.contribution_id = $7::uuid)
            and ($8::date is null or w.period_from >= $8::date)
            and ($9::date is null or w.period_to <= $9::date)
            and w.in_force
        order by w.id
        limit $4::int8) n
    where not $2::bool) f
left join sanjeh.court c on c.id = f.court_id
where $5::uuid is null or f.judge_id = $5::uuid
order by f.id
limit $4::int8
