-- With a moment as the last parameter: what had come in by then, and what corrections brought since.
-- Surveyed and imported values of a page of judges in a period, with what opens them.
select v.judge_id, v.indicator_id, v.unit_id, v.id, trim_scale(v.value)::text, v.n, v.value_ct, v.n_ct,
    v.key_version, k.wrapped
from sanjeh.indicator_value v
left join sanjeh.subject_key k
    on k.unit_id = v.unit_id and k.subject_id = v.judge_id and k.version = v.key_version
where v.in_force and v.judge_id = any($1::uuid[]) and v.indicator_id = any($2::uuid[])
    and v.period_from >= $3::date and v.period_to <= $4::date
    and ($5::timestamptz is null or exists (select from sanjeh.contribution b where b.unit_id = v.unit_id and b.id = v.contribution_id
        and (b.created_at <= $5::timestamptz or b.correction_id is not null)))
order by v.judge_id, v.indicator_id, v.id
