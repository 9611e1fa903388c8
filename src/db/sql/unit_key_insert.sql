insert into sanjeh.unit_key (unit_id, epoch, wrapped)
values ($1::uuid, $2::int4, $3::bytea)
on conflict (unit_id, epoch) do nothing
returning epoch
