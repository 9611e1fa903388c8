-- Whose rows an account's session sees: what its context is made of.
select a.id, a.unit_id, a.compartment_id, a.judge_id from sanjeh.account as a
where a.username = $1::text and a.status = 'active'
