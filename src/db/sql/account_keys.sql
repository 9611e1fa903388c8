-- The wrapped subject keys of a page of accounts, in its order.
select w.n, k.wrapped
from unnest($1::uuid[], $2::uuid[], $3::int4[]) with ordinality as w (unit_id, subject_id, version, n)
join sanjeh.subject_key k
    on k.unit_id = w.unit_id and k.subject_id = w.subject_id and k.version = w.version
order by w.n
