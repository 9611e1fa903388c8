delete from sanjeh.enrolment where account_id = $1::uuid
