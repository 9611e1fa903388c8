-- What stands at the top of a card, and the evaluation's clock. Read with the server's own scope.
select c.code, c.kind, c.name_fa, c.name_en, c.period_from, c.period_to,
    (case when e.frozen_at is null then c.frozen_at else e.frozen_at end), c.criteria_sha256,
    t.code, t.edition, iu.name_fa, iu.name_en, sanjeh.clock_now(),
    coalesce((select x.ahead > interval '0' from sanjeh.test_clock x), false),
    (select sanjeh.deadline_of(sanjeh.clock_now(), k.days, k.day_kind) from sanjeh.cycle_clock k
        where k.unit_id = c.unit_id and k.cycle_id = c.id and k.code = 'appeal'),
    c.coverage_min
from sanjeh.evaluation e
join sanjeh.cycle c on c.unit_id = e.unit_id and c.id = e.cycle_id
join sanjeh.template t on t.unit_id = c.unit_id and t.id = c.template_id
join sanjeh.unit iu on iu.id = e.issuer_unit_id
where e.id = $1::uuid
