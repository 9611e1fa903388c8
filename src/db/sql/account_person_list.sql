-- SPDX-License-Identifier: Apache-2.0
-- Unit and compartment of accounts, in the order asked for; null where there is none.
select w.n, p.unit_code, p.compartment_code
from unnest($1::uuid[]) with ordinality as w (id, n)
left join sanjeh.account_person($1::uuid[]) as p on p.account_id = w.id
order by w.n
