-- SPDX-License-Identifier: Apache-2.0
-- Partitions of the record by index: first, end.
select l.first_index, l.end_index from sanjeh.audit_partition_list() as l order by l.first_index
