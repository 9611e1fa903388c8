select jsonb_build_object('now', sanjeh.rfc3339(sanjeh.clock_now()),
    'test_clock_ahead_s', coalesce((select floor(extract(epoch from t.ahead))::int8 from sanjeh.test_clock as t), 0),
    'items', (select jsonb_agg(jsonb_build_object('code', k.code, 'name_fa', k.name_fa, 'name_en', k.name_en, 'days', k.days,
        'day_kind', k.day_kind, 'holder', k.holder, 'escalates_to', k.escalates_to, 'source', k.source) order by k.code)
        from sanjeh.clock as k))::text
