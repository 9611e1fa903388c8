insert into sanjeh.context_key (only_row, inner_pad, outer_pad) values (true, $1::bytea, $2::bytea)
on conflict (only_row) do update set inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad
