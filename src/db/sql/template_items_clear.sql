delete from sanjeh.template_item where unit_id = $1::uuid and template_id = $2::uuid
