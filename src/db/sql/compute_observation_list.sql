-- What observers saw of a page of evaluations, with what opens it; of files that two of them observed at least. What one wrote after
-- the cut of a file enters no number, not even when a correction has it computed again.
select o.evaluation_id, o.judge_id, o.unit_id, o.id, o.body_ct, o.key_version, k.wrapped
from sanjeh.observation o
join sanjeh.evaluation e on e.id = o.evaluation_id and (e.frozen_at is null or o.created_at <= e.frozen_at)
left join sanjeh.subject_key k
    on k.unit_id = o.unit_id and k.subject_id = o.evaluation_id and k.version = o.key_version
where o.evaluation_id = any($1::uuid[])
    and 2 <= (select count(distinct s.account_id) from sanjeh.observation s where s.evaluation_id = o.evaluation_id
        and (e.frozen_at is null or s.created_at <= e.frozen_at))
order by o.judge_id, o.id
