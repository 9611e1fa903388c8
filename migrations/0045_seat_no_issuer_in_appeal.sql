-- SPDX-License-Identifier: Apache-2.0
--
-- Why: rule 9. Who signed the cycle for the issuer got no seat in an appeal, but whoever had issued the very card did: only the last move was
--   refused then, and the file stood still. Now neither is seated, by person, in the server and here.
-- Locks: seat for the moment of a trigger. Time on big tables: none.
-- Retreat: a later migration drops trigger and functions.
create function sanjeh.has_issued(of_evaluation uuid, person uuid) returns boolean language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    return cardinality(sanjeh.scope_ids()) > 0 and (
        exists (select from sanjeh.report_card as k where k.evaluation_id = of_evaluation and sanjeh.person_of(k.issued_by) = person)
        or exists (select from sanjeh.evaluation as e join sanjeh.cycle as c on c.unit_id = e.unit_id and c.id = e.cycle_id
            where e.id = of_evaluation and sanjeh.person_of(c.issuer_signed_by) = person));
end
$$;
comment on function sanjeh.has_issued(uuid, uuid) is 'whether the person signed a card of the evaluation, or its cycle for the issuer';
revoke execute on function sanjeh.has_issued(uuid, uuid) from public;
grant execute on function sanjeh.has_issued(uuid, uuid) to sanjeh_app;
create function sanjeh.refuse_issuer_in_appeal() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if sanjeh.has_issued(new.evaluation_id, new.person_id) then
        raise exception 'who issued a result does not hear the appeal against it'
            using errcode = 'check_violation', constraint = 'seat_issuer_hears_no_appeal';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.refuse_issuer_in_appeal() from public;
create trigger no_issuer_in_appeal before insert on sanjeh.seat for each row
    when (new.capacity in ('appeal_chair', 'appeal_member') and row_security_active('sanjeh.seat'::regclass))
    execute function sanjeh.refuse_issuer_in_appeal();
