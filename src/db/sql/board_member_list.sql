select m.account_id, m.person_id, m.capacity, m.is_judge
from sanjeh.board_member m
where m.board_id = $1::uuid and m.removed_at is null
order by m.account_id
