insert into sanjeh.survey (unit_id, id, cycle_id, judge_unit_id, judge_id, court_id, title_fa, title_en, period_from,
    period_to, opens_at, closes_at, min_mean, min_distribution, min_comments, min_score, created_by)
select $1::uuid, $2::uuid, $3::uuid, case when $4::uuid is null then null else $1::uuid end, $4::uuid, $5::uuid, $6::text,
    $7::text, $8::date, $9::date, $10::timestamptz, $11::timestamptz, $12::int4, $13::int4, $14::int4, $15::int4, $16::uuid
where ($4::uuid is null or exists (select from sanjeh.judge j where j.unit_id = $1::uuid and j.id = $4::uuid))
    and ($5::uuid is null or exists (select from sanjeh.court c where c.id = $5::uuid))
    and ($3::uuid is null or exists (select from sanjeh.cycle y where y.unit_id = $1::uuid and y.id = $3::uuid))
