-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a judge is seen beside judges of the same kind of court, grade band and class of province (DOMAIN, method 4). Which bases are
--   one band and which provinces one class is reference data like time standards: in editions, added by the process owner.
-- Locks: reference for the moment of two constraints. Time on big tables: none. Retreat: a later migration narrows the kinds.

alter table sanjeh.reference drop constraint reference_kind_known, drop constraint reference_amount_where_due,
    add constraint reference_kind_known check (kind in ('province', 'case_type', 'time_standard', 'case_weight', 'judicial_grade',
        'judicial_group', 'grade_band', 'province_class')),
    add constraint reference_amount_where_due check (
        (kind in ('time_standard', 'case_weight', 'grade_band', 'province_class')) = (amount is not null)
        and (amount is null or amount > 0)),
    add constraint reference_band_number check (kind not in ('grade_band', 'province_class') or amount in (1, 2, 3, 4, 5, 6, 7, 8, 9));
comment on column sanjeh.reference.amount is
    'time_standard: days of the case type; case_weight: points of the case type; grade_band: number of the band of a grade (code P5); '
    'province_class: number of the class of a province (code IR-23)';

alter table sanjeh.reference no force row level security;
insert into sanjeh.reference (id, kind, code, version, name_fa, name_en, amount, valid_from)
select ('00000000-0000-8000-8006-' || lpad(to_hex(n), 12, '0'))::uuid, 'grade_band', 'P' || n, 1, b.name_fa, b.name_en, b.band,
    date '1991-01-01'
from generate_series(1, 12) as n
join (values (1, 1, 4, 'پایه‌های ۱ تا ۴', 'Bases 1 to 4'), (2, 5, 7, 'پایه‌های ۵ تا ۷', 'Bases 5 to 7'),
    (3, 8, 9, 'پایه‌های ۸ و ۹', 'Bases 8 and 9'), (4, 10, 12, 'پایه‌های ۱۰ تا ۱۲', 'Bases 10 to 12'))
    as b (band, low, high, name_fa, name_en) on n between b.low and b.high;
-- By the size of the province (census of 1395: above three millions, above one and a half, others); a default, to be set by the owner.
insert into sanjeh.reference (id, kind, code, version, name_fa, name_en, amount, valid_from)
select ('00000000-0000-8000-8007-' || lpad(to_hex(row_number() over (order by p.code)), 12, '0'))::uuid, 'province_class', p.code, 1,
    c.name_fa, c.name_en, c.class, date '2010-06-23'
from sanjeh.reference as p
join (values (1, 'استان بزرگ', 'Large province'), (2, 'استان متوسط', 'Middle province'), (3, 'استان کوچک', 'Small province'))
    as c (class, name_fa, name_en) on c.class = case
        when p.code in ('IR-23', 'IR-09', 'IR-10', 'IR-07', 'IR-06', 'IR-03', 'IR-02', 'IR-04', 'IR-08') then 1
        when p.code in ('IR-11', 'IR-30', 'IR-01', 'IR-05', 'IR-27', 'IR-22', 'IR-15', 'IR-13', 'IR-12') then 2 else 3 end
where p.kind = 'province' and p.version = 1;
alter table sanjeh.reference force row level security;
