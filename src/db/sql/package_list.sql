select p.id, p.version, jsonb_build_object('id', p.id, 'unit_id', p.unit_id, 'code', p.code, 'edition', p.edition, 'title_fa', p.title_fa,
    'title_en', p.title_en, 'state', p.state, 'released_at', sanjeh.rfc3339(p.released_at), 'version', p.version,
    'created_at', sanjeh.rfc3339(p.created_at))::text
from sanjeh.package as p
where p.id > $1::uuid and ($3::text is null or p.state = $3::text)
    and (p.unit_id = $4::uuid or p.state in ('released', 'withdrawn') or ($5::bool and p.state <> 'draft'))
order by p.id
limit $2::int8
