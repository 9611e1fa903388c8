-- A member; one who was removed before the board was used comes back.
insert into sanjeh.board_member (unit_id, board_id, account_id, person_id, issuer_scope_id, capacity, is_judge)
select b.unit_id, b.id, $3::uuid, $4::uuid, b.issuer_scope_id, $5::text, $6::bool
from sanjeh.board b
where b.unit_id = $1::uuid and b.id = $2::uuid
on conflict (unit_id, board_id, account_id) do update set capacity = excluded.capacity, removed_at = null
