-- The newest draft of a round, the final one first.
select d.unit_id, d.evaluation_id, d.id, d.key_version, k.wrapped, 0::int4, 0::int8, d.body_ct, null::bytea, null::bytea
from sanjeh.draft as d
join sanjeh.subject_key as k
    on k.unit_id = d.unit_id and k.subject_id = d.evaluation_id and k.version = d.key_version
where d.evaluation_id = $1::uuid and d.round = $2::int4
order by (d.state = 'final') desc, d.no desc
limit 1
