-- SPDX-License-Identifier: Apache-2.0
-- Days off beside Fridays, around a day.
select h.day from sanjeh.holiday as h where h.day between $1::date - 400 and $1::date + 40 order by h.day limit 400
