-- First keys of subjects that are as new as their ids: $1 unit, $2 subjects, $3 wrapped keys. One that has a key already
-- is an error: what is sealed under ours would never open.
insert into sanjeh.subject_key (unit_id, subject_id, version, wrapped)
select $1::uuid, t.subject_id, 1, t.wrapped
from unnest($2::uuid[], $3::bytea[]) as t (subject_id, wrapped)
