-- SPDX-License-Identifier: Apache-2.0
-- Entries about one person before an index, newest first, each with the sorted ids of everybody whom it is about.
select f.entry_index,
    (select string_agg(uuid_send(o.subject_id), ''::bytea order by o.subject_id)
     from sanjeh.file_opening as o where o.entry_index = f.entry_index)
from sanjeh.file_opening as f
where f.subject_id = $1::uuid and f.entry_index < $2::int8
order by f.entry_index desc
limit $3::int8
