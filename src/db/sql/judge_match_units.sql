-- Units that hold a register of judges, in a fixed order. In the scope MATCH.
select u.id
from sanjeh.unit u
where u.parent_id is null
    and exists (
        select 1
        from sanjeh.blind_index b
        where b.unit_id = u.id and b.table_no = 1 and b.index_no = $1::int4)
order by u.code
limit 500
