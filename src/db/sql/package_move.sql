-- $4 true: a review sends it back, another round begins. A release is the hash of what is shown.
update sanjeh.package as p
set state = $3::text, round = p.round + case when $4::bool then 1 else 0 end,
    computed_at = case when $4::bool then null else p.computed_at end,
    released_at = case when $3::text = 'released' then sanjeh.clock_now() else p.released_at end,
    content_sha256 = case when $3::text = 'released' then sha256(convert_to(sanjeh.package_content(p.unit_id, p.id)::text, 'UTF8'))
        else p.content_sha256 end,
    withdrawn_reason = coalesce($5::text, p.withdrawn_reason), version = p.version + 1
where p.id = $1::uuid and p.version = $2::int8
