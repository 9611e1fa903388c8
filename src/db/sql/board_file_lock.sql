-- Submissions of one file wait for each other here: the last one must see all others.
select e.id from sanjeh.evaluation e where e.id = $1::uuid for update of e
