-- $7: this one alone, for the correction $8.
-- A page of the evaluations to compute, by judge; with the kind of court that he was last posted to in the period, the band of his
-- grade (of that posting, else of the register) and the class of that court's province. Bands and classes are of the edition that
-- held when the cycle was announced; one that is added later does not change a running cycle.
-- Everything else is looked up for the page alone, row by row: joined, the whole register would be gone through for each page.
with page as materialized (
    select e.id, e.judge_id, e.judge_unit_id, e.issuer_unit_id, e.issuer_scope_id, e.round
    from sanjeh.evaluation e
    where e.unit_id = $1::uuid and e.cycle_id = $2::uuid
        and (case when $7::uuid is null then e.state in ('collecting', 'frozen') else e.id = $7::uuid end)
        and e.judge_id > $3::uuid
    order by e.judge_id
    limit $4::int8
), edition as materialized (
    select distinct on (r.kind, r.code) r.kind, r.code, r.amount::int8 as number
    from sanjeh.cycle c
    join sanjeh.reference r on r.kind in ('grade_band', 'province_class')
        and r.valid_from <= (case when c.announced_at is null then sanjeh.clock_now() else c.announced_at end)::date
        and (r.version = 1 or c.announced_at is null or r.created_at <= c.announced_at)
    where c.unit_id = $1::uuid and c.id = $2::uuid
    order by r.kind, r.code, r.valid_from desc
), province as materialized (
    select distinct on (n.name) n.name, x.number
    from sanjeh.reference p
    join edition x on x.kind = 'province_class' and x.code = p.code
    cross join lateral (values (p.code), (p.name_fa), (p.name_en)) as n (name)
    where p.kind = 'province'
    order by n.name, p.version desc
)
select e.id, e.judge_id, e.issuer_unit_id, e.issuer_scope_id, e.round, s.id,
    exists (select from sanjeh.data_issue d where d.judge_id = e.judge_id and d.state = 'open'),
    p.kind, (select x.number from edition x where x.kind = 'grade_band'
        and x.code = 'P' || (case when p.judicial_base is null then j.judicial_base else p.judicial_base end)),
    (select v.number from province v where v.name = p.province), p.court_id
from page e
left join sanjeh.evaluation_score s
    on s.unit_id = e.issuer_unit_id and s.evaluation_id = e.id and s.round = e.round and s.correction_id is not distinct from $8::uuid
left join lateral (select r.judicial_base
    from sanjeh.judge r
    where r.unit_id = e.judge_unit_id and r.id = e.judge_id
    limit 1) j on true
left join lateral (select c.id as court_id, c.kind, c.province, a.judicial_base
    from sanjeh.posting a
    join sanjeh.court c on c.id = a.court_id
    where a.judge_id = e.judge_id and a.posted_from <= $6::date and (a.posted_to is null or a.posted_to >= $5::date)
    order by a.posted_from desc, a.id
    limit 1) p on true
order by e.judge_id
