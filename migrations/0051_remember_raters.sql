-- SPDX-License-Identifier: Apache-2.0
--
-- Why: no reciprocal rating in one cycle (DOMAIN d, rule 2) looked at seats that are held: who rated a judge, left his seat, and was then
--   to be rated by him was not found. Who sat when the marks of a file were locked rated in it, whatever became of his seat.
-- Locks: none but the function's row. Retreat: a later migration puts conflict_rules of 0044 back.

do $do$
declare
    body constant text := pg_get_functiondef('sanjeh.conflict_rules(uuid, uuid)'::regprocedure);
    held constant text := 's.person_id = e.judge_id and s.judge_id = person and s.ended_at is null and o.cycle_id = e.cycle_id';
    rated constant text := 's.person_id = e.judge_id and s.judge_id = person and o.cycle_id = e.cycle_id
            and (s.ended_at is null or s.ended_at >= o.marks_locked_at)';
begin
    if position(held in body) = 0 then
        raise exception 'conflict_rules is not what 0044 made it';
    end if;
    execute replace(body, held, rated);
end
$do$;
