-- Due by the clock issue_answer. The judge's evaluation that collects data just now waits for the answer.
insert into sanjeh.data_issue
    (unit_id, id, compartment_id, evaluation_id, fact_id, value_id, field, judge_unit_id, judge_id, subject_id, opened_by,
    opened_by_judge, text_ct, key_version, opened_at, due_at)
select $1::uuid, $2::uuid, $3::uuid,
    (select e.id from sanjeh.evaluation e
    where e.judge_id = $8::uuid and e.state in ('notified', 'collecting')
    order by e.created_at desc
    limit 1),
    $4::uuid, $5::uuid, $6::text, $7::uuid, $8::uuid, $9::uuid, $10::uuid, $11::bool, $12::bytea, $13::int4,
    sanjeh.clock_now(), sanjeh.deadline_of(sanjeh.clock_now(), c.days, c.day_kind)
from sanjeh.clock c
where c.code = 'issue_answer'
