select t.id, t.version, jsonb_build_object('id', t.id, 'code', t.code, 'edition', t.edition, 'name_fa', t.name_fa, 'name_en', t.name_en,
    'population', t.population, 'state', t.state, 'version', t.version, 'created_at', sanjeh.rfc3339(t.created_at),
    'consented_at', sanjeh.rfc3339(t.consented_at), 'published_at', sanjeh.rfc3339(t.published_at))::text
from sanjeh.template as t
where t.id > $1::uuid and ($3::text is null or t.state = $3::text)
order by t.id
limit $2::int8
