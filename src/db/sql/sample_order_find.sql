-- Which unit draws the samples of a file.
select o.office_unit_id from sanjeh.sample_order o where o.evaluation_id = $1::uuid
