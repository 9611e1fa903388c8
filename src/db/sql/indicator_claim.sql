-- The indicator of a code, held against others who define the same one.
select i.id, i.kind, i.version from sanjeh.indicator i where i.code = $1::text for update
