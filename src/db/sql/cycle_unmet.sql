-- What a move of the cycle still needs, one row a guard; one row with an empty code when the move exists. $3: a reason is given.
select '' from sanjeh.cycle as c join sanjeh.cycle_move as m on m.from_state = c.state and m.to_state = $2::text
where c.id = $1::uuid
union all
select g.code from sanjeh.cycle as c, unnest(sanjeh.cycle_unmet(c, $2::text)) as g (code)
where c.id = $1::uuid and not (g.code = 'REASON_GIVEN' and $3::bool)
