-- A card's sealed parts in order, with the wrapped key of its file; wrapped is null when it was erased.
select p.id, p.body_ct, k.wrapped
from sanjeh.report_card c
join sanjeh.report_card_part p on p.unit_id = c.unit_id and p.card_id = c.id
left join sanjeh.subject_key k
    on k.unit_id = c.unit_id and k.subject_id = c.evaluation_id and k.version = c.key_version
where c.id = $1::uuid
order by p.no
