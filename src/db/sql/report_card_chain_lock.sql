-- The end of an issuer's chain, locked until the transaction ends; made when there is none.
insert into sanjeh.report_card_chain as c (unit_id, issuer_scope_id)
values ($1::uuid, $2::uuid)
on conflict (unit_id, issuer_scope_id) do update set last_no = c.last_no
returning last_no, last_sha256
