insert into sanjeh.report_card_part (unit_id, id, card_id, no, body_ct)
values ($1::uuid, $2::uuid, $3::uuid, $4::int4, $5::bytea)
