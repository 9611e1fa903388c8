-- The display name of one account with the key that opens it; the account's own context suffices.
select a.display_name, a.key_version, a.unit_id, k.wrapped
from sanjeh.account a
left join sanjeh.subject_key k
    on k.unit_id = coalesce(a.unit_id, '00000000-0000-8000-8000-0000000000ff'::uuid) and k.subject_id = a.id and k.version = a.key_version
where a.id = $1::uuid
