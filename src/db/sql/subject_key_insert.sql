-- First keys of subjects: $1 unit, $2 subjects, $3 wrapped keys. In the order of ids, so that two imports wait for
-- each other instead of deadlocking; who comes second keeps the first one's key.
insert into sanjeh.subject_key (unit_id, subject_id, version, wrapped)
select $1::uuid, t.subject_id, 1, t.wrapped
from unnest($2::uuid[], $3::bytea[]) as t (subject_id, wrapped)
order by t.subject_id
on conflict (unit_id, subject_id, version) do nothing
