-- How many seats of the appeal have not voted yet.
select sanjeh.appeal_votes_missing($1::uuid)
