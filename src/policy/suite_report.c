/* SPDX-License-Identifier: Apache-2.0
 *
 * What came of a policy's tests, for programs (RFC 8785) and for people?
 */
#include "engine_priv.h"
#include "sanjeh/policy/suite.h"

static sj_status put_finding(const struct sj_suite_finding *one, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, "{\"column\":"));
    TRY(sj_buf_put_decimal(out, one->column));
    TRY(sj_buf_put_str(out, ",\"example\":"));
    TRY(sj_buf_put_str(out, one->example[0] == '\0' ? "null" : one->example));
    TRY(sj_buf_put_str(out, ",\"id\":"));
    TRY(policy_put_text(out, sj_text_of(one->id)));
    TRY(sj_buf_put_str(out, ",\"line\":"));
    TRY(sj_buf_put_decimal(out, one->line));
    TRY(sj_buf_put_str(out, ",\"pointer\":"));
    TRY(policy_put_text(out, sj_text_of(one->pointer)));
    TRY(sj_buf_put_str(out, ",\"verdict\":"));
    TRY(sj_buf_put_str(out, one->verdict == SJ_SUITE_FAILED ? "\"failed\"" : "\"not_proven\""));
    TRY(sj_buf_put_str(out, ",\"what\":"));
    TRY(policy_put_text(out, sj_text_of(one->what)));
    return sj_buf_put_byte(out, '}');
}

static sj_status put_number(struct sj_buf *out, const char *name, uint64_t number)
{
    TRY(sj_buf_put_str(out, name));
    return sj_buf_put_decimal(out, (int64_t)number);
}

sj_status sj_suite_report_json(const struct sj_suite_report *report, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, "{\"activatable\":"));
    TRY(sj_buf_put_str(out, report->activatable ? "true" : "false"));
    TRY(put_number(out, ",\"constraints\":", report->constraints));
    TRY(put_number(out, ",\"constraints_covered\":", report->constraints_covered));
    TRY(put_number(out, ",\"coverage\":", report->coverage));
    TRY(put_number(out, ",\"decisions\":", report->decisions));
    TRY(put_number(out, ",\"failed\":", report->failed));
    TRY(sj_buf_put_str(out, ",\"findings\":["));
    for (size_t i = 0; i < report->finding_count; i++) {
        TRY(sj_buf_put_str(out, i == 0 ? "" : ","));
        TRY(put_finding(&report->findings[i], out));
    }
    TRY(sj_buf_put_str(out, "],\"format\":\"policy-test-report/1\""));
    TRY(put_number(out, ",\"invariants\":", report->invariants));
    TRY(put_number(out, ",\"needed\":", report->needed));
    TRY(put_number(out, ",\"not_proven\":", report->not_proven));
    TRY(sj_buf_put_str(out, ",\"passed\":"));
    TRY(sj_buf_put_str(out, report->passed ? "true" : "false"));
    TRY(put_number(out, ",\"rules\":", report->rules));
    TRY(put_number(out, ",\"rules_covered\":", report->rules_covered));
    TRY(put_number(out, ",\"tests\":", report->tests));
    return sj_buf_put_byte(out, '}');
}

sj_status sj_suite_report_text(
    const struct sj_suite_report *report, const char *file, struct sj_buf *out)
{
    char line[256];
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct sj_suite_finding *one = &report->findings[i];
        snprintf(line, sizeof line, "%s:%u:%u: %s %s: ", file, one->line, one->column,
            one->verdict == SJ_SUITE_FAILED ? "FAIL" : "NOT PROVEN", one->id);
        TRY(sj_buf_put_str(out, line));
        TRY(sj_buf_put_str(out, one->what));
        TRY(sj_buf_put_byte(out, '\n'));
        if (one->example[0] != '\0') {
            TRY(sj_buf_put_str(out, "  for example "));
            TRY(sj_buf_put_str(out, one->example));
            TRY(sj_buf_put_byte(out, '\n'));
        }
    }
    snprintf(line, sizeof line,
        "%s: %u tests (%u invariants), %u failed, %u not proven; %llu decisions; %u of %u rules "
        "(%u %%) and %u of %u constraints reached\n",
        report->passed ? "passed" : "FAILED", report->tests, report->invariants, report->failed,
        report->not_proven, (unsigned long long)report->decisions, report->rules_covered,
        report->rules, report->coverage, report->constraints_covered, report->constraints);
    TRY(sj_buf_put_str(out, line));
    if (report->passed && !report->activatable) {
        snprintf(
            line, sizeof line, "activation needs %u %% of the rules reached\n", report->needed);
        TRY(sj_buf_put_str(out, line));
    }
    return SJ_DONE;
}
