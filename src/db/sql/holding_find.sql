select a.id, a.unit_id, a.compartment_id, a.judge_id, a.person_judge_id, a.username, a.status, a.version, a.seal, a.seal_form,
    sanjeh.clock_now(), u.code
from sanjeh.account a
left join sanjeh.unit u on u.id = a.unit_id
where a.id = $1::uuid
for update of a
