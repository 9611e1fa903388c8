-- $2 own unit; $3: those under review in other units, too. $4 account: has its person written in it, reviewed this round of it?
select p.id, p.version, (sanjeh.package_content(p.unit_id, p.id) || jsonb_build_object('id', p.id, 'unit_id', p.unit_id, 'state', p.state,
    'round', p.round, 'computed_at', sanjeh.rfc3339(p.computed_at), 'released_at', sanjeh.rfc3339(p.released_at),
    'content_sha256', encode(p.content_sha256, 'hex'), 'withdrawn_reason', p.withdrawn_reason, 'version', p.version,
    'created_at', sanjeh.rfc3339(p.created_at), 'unmet', to_jsonb(case when p.state in ('released', 'withdrawn') then '{}'::text[]
        else sanjeh.package_unmet(p.unit_id, p.id) end)))::text, p.state, p.unit_id, p.round::int8,
    sanjeh.package_written_by(p.unit_id, p.id, $4::uuid),
    exists (select from sanjeh.package_review as r where r.unit_id = p.unit_id and r.package_id = p.id and r.round = p.round
        and sanjeh.person_of(r.account_id) = sanjeh.person_of($4::uuid))
from sanjeh.package as p
where p.id = $1::uuid and (p.unit_id = $2::uuid or p.state in ('released', 'withdrawn') or ($3::bool and p.state <> 'draft'))
