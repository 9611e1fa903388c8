insert into sanjeh.policy_domain as d (unit_id, name, version, document, seal, updated_by, updated_at)
values ($1::uuid, $2::text, $3::int8, $4::bytea, $5::bytea, $6::uuid, now())
on conflict (unit_id, name) do update
set version = excluded.version, document = excluded.document, seal = excluded.seal, updated_by = excluded.updated_by,
    updated_at = excluded.updated_at
where d.version = excluded.version - 1
returning version
