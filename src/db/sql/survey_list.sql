-- Surveys of the reader's unit, and those that were released to him, by id.
select s.unit_id, s.id, s.cycle_id, s.judge_unit_id, s.judge_id, s.court_id, s.title_fa, s.title_en, s.period_from,
    s.period_to, s.opens_at, s.closes_at, s.state, s.min_mean, s.min_distribution, s.min_comments, s.min_score,
    s.invited, s.closed_week, s.version, s.created_at
from sanjeh.survey s
where s.id > $1::uuid and ($3::text is null or s.state = $3::text)
order by s.id
limit $2::int8
