-- A page of a unit's rows of one contribution.
select v.unit_id, v.id, v.judge_unit_id, v.judge_id, v.court_id, c.code, v.contribution_id, i.code, i.unit,
    i.level, v.period_from, v.period_to, trim_scale(v.value)::text, v.reason, v.n, v.value_ct, v.n_ct,
    v.key_version, k.wrapped, v.source_fact_id, v.method_version, v.inputs_sha256, v.computed_at,
    exists (select from sanjeh.data_issue d where d.value_id = v.id and d.state = 'open'), v.coverage::text
from sanjeh.indicator_value v
join sanjeh.indicator i on i.id = v.indicator_id
left join sanjeh.court c on c.id = v.court_id
left join sanjeh.subject_key k
    on k.unit_id = v.unit_id and k.subject_id = v.judge_id and k.version = v.key_version
where v.unit_id = $1::uuid
    and ($2::uuid is null or v.judge_id = $2::uuid)
    and v.id > $3::uuid
    and ($5::uuid is null or v.judge_id = $5::uuid)
    and ($6::uuid is null or v.court_id = $6::uuid)
    and v.contribution_id = $7::uuid
    and ($8::date is null or v.period_from >= $8::date)
    and ($9::date is null or v.period_to <= $9::date)
    and ($10::text is null or v.indicator_id = (
        select wanted.id from sanjeh.indicator wanted where wanted.code = $10::text))
    and v.in_force
order by v.id
limit $4::int8
