-- For a judge of the own register as row security shows it; no row when there is none, or no such court.
insert into sanjeh.posting
    (unit_id, id, compartment_id, judge_unit_id, judge_id, court_id, branch, title, job_group, judicial_base, secondment_body,
    posted_from, posted_to, order_number_ct, key_version, created_by)
select j.unit_id, $2::uuid, $3::uuid, j.unit_id, j.id, c.id, $6::text, $7::text, $8::text, $9::int4, $10::text, $11::date, $12::date,
    $13::bytea, $14::int4, $15::uuid
from sanjeh.judge j
join sanjeh.court c on c.id = $5::uuid
where j.unit_id = $1::uuid and j.id = $4::uuid
