-- With its clocks and, for each possible next state, what is missing.
select c.id, c.version, (jsonb_build_object('id', c.id, 'code', c.code, 'name_fa', c.name_fa, 'name_en', c.name_en, 'kind', c.kind,
    'period_from', c.period_from, 'period_to', c.period_to, 'template_id', c.template_id, 'unit_id', c.unit_id,
    'issuer_unit_id', c.issuer_unit_id, 'issuer_scope_id', c.issuer_scope_id, 'population', c.population,
    'coverage_min', c.coverage_min, 'state', c.state, 'owner_signed_at', sanjeh.rfc3339(c.owner_signed_at),
    'issuer_signed_at', sanjeh.rfc3339(c.issuer_signed_at), 'announced_at', sanjeh.rfc3339(c.announced_at),
    'frozen_at', sanjeh.rfc3339(c.frozen_at), 'criteria_sha256', encode(c.criteria_sha256, 'hex'),
    'supersedes_id', c.supersedes_id, 'superseded_by', (select s.id from sanjeh.cycle as s where s.unit_id = c.unit_id
        and s.supersedes_id = c.id and s.announced_at is not null limit 1), 'cancelled_reason', c.cancelled_reason,
    'version', c.version, 'created_at', sanjeh.rfc3339(c.created_at),
    'clocks', coalesce((select jsonb_agg(jsonb_build_object('code', k.code, 'days', k.days, 'day_kind', k.day_kind) order by k.code)
        from sanjeh.cycle_clock as k where k.unit_id = c.unit_id and k.cycle_id = c.id), '[]'),
    'evaluations', coalesce((select jsonb_object_agg(n.state, n.count) from (select e.state, count(*) as count
        from sanjeh.evaluation as e where e.unit_id = c.unit_id and e.cycle_id = c.id group by e.state) as n), '{}'),
    'next', coalesce((select jsonb_agg(jsonb_build_object('to', m.to_state, 'unmet', to_jsonb(sanjeh.cycle_unmet(c, m.to_state)))
        order by m.to_state) from sanjeh.cycle_move as m where m.from_state = c.state and m.to_state <> 'approved'), '[]')))::text,
    c.state, c.unit_id, c.issuer_scope_id
from sanjeh.cycle as c
where c.id = $1::uuid
