-- The order under which data of an evaluation were corrected since it was superseded, with the sheet before it (server's own scope).
select o.id, e.unit_id, e.cycle_id, e.frozen_at, s.id, s.key_version, s.body_ct, k.wrapped, e.issuer_unit_id
from sanjeh.evaluation e
join sanjeh.correction_order o on o.evaluation_id = e.id
join lateral (select x.* from sanjeh.evaluation_score x
    where x.evaluation_id = e.id and x.round <= e.round and x.correction_id is distinct from o.id
    order by x.round desc, x.computed_at desc
    limit 1) s on true
left join sanjeh.subject_key k on k.unit_id = s.unit_id and k.subject_id = e.id and k.version = s.key_version
where e.id = $1::uuid and e.state = 'superseded'
    and exists (select from sanjeh.contribution c where c.correction_id = o.id and c.state in ('accepted', 'published'))
order by o.created_at desc
limit 1
