-- Courts named by an import that nobody registered yet. Another unit may be doing the same now: then its row stands.
insert into sanjeh.court (id, code, code_norm, name_fa, name_en, status, created_by_unit)
select w.id, w.code, w.code_norm, w.code, w.code, 'provisional', $1::uuid
from unnest($2::uuid[], $3::text[], $4::text[]) as w (id, code, code_norm)
order by w.code_norm
on conflict (code_norm) do nothing
