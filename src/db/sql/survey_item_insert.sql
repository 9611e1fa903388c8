-- The criteria of a survey, as reference data puts them to each group that may rate them.
insert into sanjeh.survey_item (unit_id, survey_id, no, criterion, respondents, text_fa, text_en)
select $1::uuid, $2::uuid, dense_rank() over (order by q.criterion), q.criterion, q.respondents, q.text_fa, q.text_en
from sanjeh.survey_question q
where q.criterion = any ($3::text[])
