-- SPDX-License-Identifier: Apache-2.0
-- How far a follower of the record is.
select f.position, f.state, f.mac from sanjeh.record_follower as f where f.name = $1::text
