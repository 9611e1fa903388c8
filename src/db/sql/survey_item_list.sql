select i.no, i.criterion, i.respondents, i.text_fa, i.text_en
from sanjeh.survey_item i
where i.unit_id = $1::uuid and i.survey_id = $2::uuid and ($3::text is null or i.respondents = $3::text)
order by i.no, i.respondents
