-- Evaluations behind a cursor that a clock moves now, held; no clock of the kind runs any more and every guard is met.
select e.id, m.to_state
from sanjeh.evaluation as e
join (values ('notified', 'collecting', 'challenge'), ('disclosed', 'reply_lapsed', 'reply'), ('issued', 'final', 'appeal'),
    ('acknowledged', 'final', 'appeal'), ('final', 'archived', 'retention'), ('superseded', 'archived', 'retention'),
    ('insufficient', 'archived', 'retention')) as m (from_state, to_state, clock) on m.from_state = e.state
where e.id > $1::uuid
    and not exists (select from sanjeh.deadline as d where d.unit_id = e.unit_id and d.evaluation_id = e.id and d.code = m.clock
        and d.state in ('open', 'stopped'))
    and (m.clock <> 'retention' or exists (select from sanjeh.deadline as d where d.unit_id = e.unit_id and d.evaluation_id = e.id
        and d.code = 'retention' and d.state = 'lapsed'))
    and not exists (select from sanjeh.evaluation_move as v cross join unnest(v.guards) as g (code)
        left join sanjeh.evaluation_facts(e.id) as f on f.code = g.code and f.is_met
        where v.from_state = m.from_state and v.to_state = m.to_state and f.code is null)
    and not exists (select from sanjeh.cycle as c where c.unit_id = e.unit_id and c.id = e.cycle_id and c.state = 'cancelled')
order by e.id
limit $2::int8
for update of e skip locked
