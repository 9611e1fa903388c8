-- Whether the judge holds no office in the unit.
select not sanjeh.holds_office_in($1::uuid, $2::uuid)
