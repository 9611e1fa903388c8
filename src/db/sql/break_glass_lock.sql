-- SPDX-License-Identifier: Apache-2.0
select g.id from sanjeh.break_glass as g where g.id = $1::uuid for update
