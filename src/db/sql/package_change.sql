-- What is left out stays; figures are not those of the text any more.
update sanjeh.package as p
set title_fa = coalesce($3::text, p.title_fa), title_en = coalesce($4::text, p.title_en), question = coalesce($5::text, p.question),
    method = coalesce($6::text, p.method), limits = coalesce($7::text, p.limits),
    recommendations = coalesce($8::text, p.recommendations), indicators = coalesce($9::text[], p.indicators),
    period_from = coalesce($10::date, p.period_from), period_to = coalesce($11::date, p.period_to),
    grouped_by = coalesce($12::text, p.grouped_by), computed_at = null, version = p.version + 1
where p.id = $1::uuid and p.version = $2::int8 and p.state = 'draft'
    and not exists (select from unnest($9::text[]) as wanted(code) where not exists (
        select from sanjeh.indicator as i where i.code = wanted.code))
