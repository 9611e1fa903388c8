-- SPDX-License-Identifier: Apache-2.0
--
-- Why: rule 7 of the separation rules. Which gate may be asked for which purpose was nowhere: PIC was asked for every report card, though it
--   answers for an appointment, a promotion or a secondment alone. And an answer blocked the use of a result without telling why: a
--   referral that names no authority of art 44, a remark that nothing was served of.
-- Locks: gate_answer, exclusively for a moment. Time on big tables: open questions that should not have been asked are rewritten.
-- Retreat: a later migration drops what is named here; the columns are nullable.

create table sanjeh.gate_purpose (
    gate text not null references sanjeh.gate (code),
    purpose text not null constraint gate_purpose_known check (purpose in ('appointment', 'promotion', 'secondment', 'report_card')),
    constraint gate_purpose_pkey primary key (gate, purpose)
);
comment on table sanjeh.gate_purpose is 'what each gate may be asked for';
grant select on sanjeh.gate_purpose to sanjeh_app;
insert into sanjeh.gate_purpose (gate, purpose)
select g.code, p.purpose
from sanjeh.gate as g, (values ('appointment'), ('promotion'), ('secondment'), ('report_card')) as p (purpose)
where g.code <> 'D03' or p.purpose <> 'report_card';

-- What was asked for no lawful purpose and not answered is taken back; the question stays as it was put.
alter table sanjeh.gate_answer drop constraint gate_answer_state_known;
alter table sanjeh.gate_answer add constraint gate_answer_state_known check (state in ('asked', 'answered', 'expired')
    or (state = 'withdrawn' and gate = 'D03' and purpose = 'report_card'));
alter table sanjeh.gate_answer drop constraint gate_answer_answered_whole;
alter table sanjeh.gate_answer add constraint gate_answer_answered_whole check ((state in ('asked', 'withdrawn')) = (value is null)
    and (value is null) = (effect is null) and (value is null) = (answered_at is null) and (value is null) = (expires_on is null));
alter table sanjeh.gate_answer no force row level security;
update sanjeh.gate_answer as a set state = 'withdrawn', version = a.version + 1
where a.state = 'asked' and not exists (select from sanjeh.gate_purpose as p where p.gate = a.gate and p.purpose = a.purpose);
alter table sanjeh.gate_answer force row level security;
alter table sanjeh.gate_answer add constraint gate_answer_purpose_of_gate foreign key (gate, purpose)
    references sanjeh.gate_purpose (gate, purpose) not valid;

-- An answer that blocks says why: what was served of it, or who may doubt the judge's competence (art 44).
alter table sanjeh.gate_answer add column has_gist bool;
alter table sanjeh.gate_answer add column authority text constraint gate_answer_authority_known check (authority in ('head_of_judiciary',
    'head_of_supreme_court', 'attorney_general', 'president_of_high_disciplinary_court', 'disciplinary_prosecutor',
    'head_of_military_judiciary'));
comment on column sanjeh.gate_answer.has_gist is 'whether body_ct holds a gist that is served';
comment on column sanjeh.gate_answer.authority is 'of art 44, to whom the matter was referred';
alter table sanjeh.gate_answer add constraint gate_answer_why_is_said check (value is null or case value
    when 'clear' then effect = 'none' and authority is null
    when 'remark' then effect = 'hold' and has_gist is true and authority is null
    else effect = 'referral' and gate = 'D03' and authority is not null end) not valid;
grant update (has_gist, authority) on sanjeh.gate_answer to sanjeh_app;
