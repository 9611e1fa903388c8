-- SPDX-License-Identifier: Apache-2.0
--
-- Why: the statement that names a merged run also deleted the pages of those it contains, tens of thousands after a merge of four million
--   entries. On a busy disk that took longer than a statement may, so the whole merge was undone and begun again, for ever. What no state
--   names is nobody's: it goes afterwards, some hundred pages at a time.
-- Locks: none that anybody waits for. Time: immediate.
-- Retreat: a later migration lets audit_index_put delete again.

create or replace function sanjeh.audit_index_put(p_old int8, p_new int8, p_upto int8, p_runs bytea, p_mac bytea)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
begin
    perform sanjeh.audit_need_record();
    update sanjeh.audit_index_state set generation = p_new, upto = p_upto, runs = p_runs, mac = p_mac where generation = p_old;
    return found;
end
$$;
drop function sanjeh.audit_index_put(int8, int8, int8, bytea, bytea, int8, int8);

-- Pages of runs that the run p_from..p_to contains, at most so many; how many went. The run is one that the state names, and runs only ever
-- become longer: no state will name what it contains, whoever else is writing it.
create function sanjeh.audit_run_sweep(p_from int8, p_to int8, p_most int8)
returns int8
language plpgsql
security definer
set search_path = pg_catalog, sanjeh, pg_temp
as $$
declare
    swept int8;
begin
    perform sanjeh.audit_need_record();
    delete from sanjeh.audit_run as d
     where d.ctid = any (array(
           select r.ctid
             from sanjeh.audit_run as r
            where r.run_from >= p_from and r.run_from < p_to and r.run_to <= p_to and (r.run_from, r.run_to) <> (p_from, p_to)
            limit p_most));
    get diagnostics swept = row_count;
    return swept;
end
$$;

revoke all on function sanjeh.audit_index_put(int8, int8, int8, bytea, bytea) from public;
revoke all on function sanjeh.audit_run_sweep(int8, int8, int8) from public;
grant execute on function sanjeh.audit_index_put(int8, int8, int8, bytea, bytea) to sanjeh_app;
grant execute on function sanjeh.audit_run_sweep(int8, int8, int8) to sanjeh_app;
