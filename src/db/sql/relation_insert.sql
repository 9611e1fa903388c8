insert into sanjeh.relation (unit_id, compartment_id, id, person_id, judge_id, kind, valid_from, valid_to, created_by)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::text, $7::date, $8::date, $9::uuid)
