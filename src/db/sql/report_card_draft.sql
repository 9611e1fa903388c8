-- The board's final draft of a round, with the wrapped key of its file.
select d.unit_id, d.id, d.key_version, d.body_ct, k.wrapped
from sanjeh.draft d
left join sanjeh.subject_key k
    on k.unit_id = d.unit_id and k.subject_id = d.evaluation_id and k.version = d.key_version
where d.evaluation_id = $1::uuid and d.round = $2::int4 and d.state = 'final'
order by d.no desc
limit 1
