-- How many seats of the board have not submitted.
select sanjeh.marks_missing($1::uuid)
