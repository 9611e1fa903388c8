update sanjeh.report_card_chain
set last_no = $3::int8, last_sha256 = $4::bytea
where unit_id = $1::uuid and issuer_scope_id = $2::uuid
