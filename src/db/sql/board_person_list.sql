-- Who accounts are as persons; unknown and inactive ones are not in the answer.
select p.account_id, p.unit_code, p.compartment_code, p.person_id, p.is_judge
from sanjeh.account_person($1::uuid[]) p
