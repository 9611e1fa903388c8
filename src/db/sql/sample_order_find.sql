-- Which account draws the samples of a file, and the name that must not be in them.
select o.office_account_id, o.name_ct, o.key_version, k.wrapped
from sanjeh.sample_order o
join sanjeh.evaluation e on e.unit_id = o.unit_id and e.id = o.evaluation_id
left join sanjeh.subject_key k
    on k.unit_id = e.issuer_unit_id and k.subject_id = o.evaluation_id and k.version = o.key_version
where o.evaluation_id = $1::uuid
