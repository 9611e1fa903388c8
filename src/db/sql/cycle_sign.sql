-- The second signature approves, when the template is published.
update sanjeh.cycle as c
set owner_signed_by = case when $4::bool then $3::uuid else c.owner_signed_by end,
    owner_signed_at = case when $4::bool then sanjeh.clock_now() else c.owner_signed_at end,
    issuer_signed_by = case when $4::bool then c.issuer_signed_by else $3::uuid end,
    issuer_signed_at = case when $4::bool then c.issuer_signed_at else sanjeh.clock_now() end,
    state = case when (case when $4::bool then c.issuer_signed_by else c.owner_signed_by end) is null then 'draft' else 'approved' end,
    version = c.version + 1
where c.id = $1::uuid and c.version = $2::int8 and c.state = 'draft'
    and (case when $4::bool then c.owner_signed_by else c.issuer_signed_by end) is null
    and (case when $4::bool then c.issuer_signed_by else c.owner_signed_by end) is distinct from $3::uuid
    and exists (select from sanjeh.template as t where t.unit_id = c.unit_id and t.id = c.template_id and t.state = 'published')
