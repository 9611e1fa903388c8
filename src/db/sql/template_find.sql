-- With its items, and what still keeps it from being published.
select t.id, t.version, (jsonb_build_object('id', t.id, 'code', t.code, 'edition', t.edition, 'name_fa', t.name_fa, 'name_en', t.name_en,
    'population', t.population, 'state', t.state, 'version', t.version, 'created_at', sanjeh.rfc3339(t.created_at),
    'consented_at', sanjeh.rfc3339(t.consented_at), 'consented_by', t.consented_by, 'published_at', sanjeh.rfc3339(t.published_at),
    'items', coalesce((select jsonb_agg(jsonb_build_object('no', i.no, 'family', i.family, 'source', i.source,
            'indicator_code', i.indicator_code, 'name_fa', i.name_fa, 'name_en', i.name_en, 'weight', i.weight::text,
            'scale_min', i.scale_min, 'scale_max', i.scale_max, 'guidance', i.guidance,
            'evidence_required', i.evidence_required) order by i.no)
        from sanjeh.template_item as i where i.unit_id = t.unit_id and i.template_id = t.id), '[]'),
    'unmet', to_jsonb(case when t.state = 'draft' then sanjeh.template_faults(t.unit_id, t.id) else '{}'::text[] end)))::text, t.state
from sanjeh.template as t
where t.id = $1::uuid
