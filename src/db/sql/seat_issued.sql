-- Whether this person signed a card of the evaluation, or its cycle for the issuer.
select sanjeh.has_issued($1::uuid, $2::uuid)
