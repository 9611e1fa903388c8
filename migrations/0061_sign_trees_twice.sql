-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a change of one server's key counts when its old key has signed the tree that ends in it. When another server signed that
--   tree first, because this one had died, there is a note of that size already: signature lines may be added to a note, never
--   taken away, and its text never changes.
-- Locks: audit_checkpoint for the moment (a trigger is replaced). Time: immediate.
-- Retreat: put the trigger of 0004 back and drop audit_checkpoint_sign.

drop trigger audit_checkpoint_append_only on sanjeh.audit_checkpoint;
create trigger audit_checkpoint_append_only before delete on sanjeh.audit_checkpoint
    for each row execute function sanjeh.audit_refuse_change();
create trigger audit_checkpoint_only_grows before update on sanjeh.audit_checkpoint
    for each row when (new.size is distinct from old.size
        or substr(new.note, 1, octet_length(old.note)) is distinct from old.note)
    execute function sanjeh.audit_refuse_change();

create function sanjeh.audit_checkpoint_sign(p_size int8, p_note bytea, p_text int4)
returns void
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    insert into audit_checkpoint as c (size, note) values (p_size, p_note)
    on conflict (size) do update set note = c.note || substr(p_note, p_text + 1)
     where substr(c.note, 1, p_text) = substr(p_note, 1, p_text)
       and position(substr(p_note, p_text + 1) in c.note) = 0
       and octet_length(c.note) + octet_length(p_note) <= 65535;
end
$$;
revoke all on function sanjeh.audit_checkpoint_sign(int8, bytea, int4) from public;
grant execute on function sanjeh.audit_checkpoint_sign(int8, bytea, int4) to sanjeh_app;
