/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any document break the reader of a policy's tests? What is accepted must run to its end and
 * name a place for each finding.
 */
#include "sanjeh/policy/suite.h"

#define POLICY                                                                                     \
    "{\"format\":\"policy/1\",\"id\":\"core\",\"version\":1,\"schema\":{\"subject\":{\"level\":"   \
    "{\"int\":[0,3]},\"tags\":{\"set\":\"string\"}},\"context\":{\"now\":\"time\",\"ip\":\"ip\"}," \
    "\"types\":{\"case\":{\"actions\":[\"read\",\"list\"],\"attrs\":{\"unit\":\"unit\",\"state\":" \
    "{\"enum\":[\"open\",\"closed\"]}},\"field_classes\":{\"public\":[\"id\"],\"personal\":["      \
    "\"name\"]}}}},\"roles\":{\"low\":{},\"high\":{\"inherits\":[\"low\"]},\"other\":{}},"         \
    "\"sod\":[{\"id\":\"S1\",\"kind\":\"static\",\"roles\":[\"low\",\"other\"],\"n\":2}],"         \
    "\"rules\":[{\"id\":\"P1\",\"effect\":\"permit\",\"roles\":[\"low\"],\"do\":[\"case:*\"],"     \
    "\"scope\":\"unit\",\"fields\":{\"read\":[\"*\"]}},{\"id\":\"F1\",\"effect\":\"forbid\","      \
    "\"do\":[\"case:read\"],\"when\":[\"eq\",\"resource.state\",\"closed\"]},{\"id\":\"M1\","      \
    "\"effect\":\"mask\",\"do\":[\"case:*\"],\"classes\":[\"personal\"],\"how\":{\"*\":\"hash\"}}" \
    "]}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sj_policy *policy;
    struct sj_policy_fault fault;
    if (policy == NULL &&
        sj_failed(sj_policy_read(sj_text_bytes(SJ_TEXT(POLICY)), NULL, &policy, &fault))) {
        SJ_ASSERT(policy != NULL);
    }
    const struct sj_policy *files[] = {policy};
    CLEANUP(sj_policy_suite_free) struct sj_policy_suite *suite = NULL;
    const sj_status status = sj_policy_suite_read(sj_view_of(data, size), files, 1, &suite, &fault);
    if (sj_failed(status)) {
        SJ_ASSERT(suite == NULL && (status.code != SJ_BAD_CONFIG || fault.why[0] != '\0'));
        return 0;
    }
    const struct sj_suite_report *report = NULL;
    if (!sj_failed(sj_policy_suite_run(suite, &report))) {
        SJ_ASSERT(report->passed == (report->finding_count == 0));
        for (size_t i = 0; i < report->finding_count; i++) {
            SJ_ASSERT(report->findings[i].what[0] != '\0');
            SJ_ASSERT(report->findings[i].id[0] == '\0' || report->findings[i].line > 0);
        }
    }
    return 0;
}
