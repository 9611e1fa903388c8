select entry from sanjeh.audit_entry where idx = $1::int8
