select i.unit_id, i.survey_id, i.respondents, i.used
from sanjeh.survey_invite i
where i.token_sha256 = $1::bytea
