-- One posting beyond one unit, as in posting_list_seen.
select p.unit_id, p.id, p.judge_id, p.court_id, c.code, p.branch, p.title, p.job_group, p.judicial_base, p.secondment_body,
    p.posted_from, p.posted_to, p.order_number_ct, p.key_version, k.wrapped, p.created_at
from sanjeh.posting p
join sanjeh.court c on c.id = p.court_id
left join sanjeh.subject_key k
    on k.unit_id = p.unit_id and k.subject_id = p.judge_id and k.version = p.key_version
where ($2::bool or p.unit_id = $1::uuid or p.judge_id in (select unnest((select sanjeh.readable_judges(0)))))
    and p.id = $3::uuid
