-- How far the reading of a sample is: for the process owner, who sees no row of it.
select p.samples, p.reviewed from sanjeh.sample_progress($1::uuid) as p
