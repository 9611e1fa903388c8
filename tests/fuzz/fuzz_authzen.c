/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a request of AuthZEN, by its first byte one of the five: answered with JSON that we read ourselves, or refused.
 */
#include "sanjeh/authzen/protocol.h"
#include "sanjeh/json/decode.h"

static const char document[] =
    "{\"policy\":{\"format\":\"policy/"
    "1\",\"id\":\"f\",\"version\":1,\"schema\":{\"subject\":{\"id\":\"string\","
    "\"unit\":\"unit\",\"level\":{\"int\":[0,3]},\"tags\":{\"set\":\"string\"}},\"context\":{"
    "\"ip\":\"ip\",\"now\":\"time\"},"
    "\"action\":{\"soft\":\"bool\"},\"types\":{\"record\":{\"actions\":[\"read\",\"write\"],"
    "\"attrs\":{\"id\":\"string\",\"unit\":\"unit\","
    "\"status\":{\"enum\":[\"active\",\"archived\"]}},\"field_classes\":{\"all\":[\"*\"]}}}},"
    "\"roles\":{\"reader\":{},"
    "\"writer\":{\"inherits\":[\"reader\"]}},\"rules\":[{\"id\":\"P1\",\"effect\":\"permit\","
    "\"roles\":[\"reader\"],\"do\":[\"record:read\"],"
    "\"fields\":{\"read\":[\"*\"]}},{\"id\":\"P2\",\"effect\":\"permit\",\"roles\":[\"writer\"],"
    "\"do\":[\"record:write\"],\"scope\":\"subtree\","
    "\"when\":[\"or\",[\"eq\",\"resource.status\",\"active\"],[\"has\",\"subject.tags\",\"x\"],["
    "\"ip_in\",\"context.ip\",\"10.0.0.0/8\"]]}]},"
    "\"entities\":{\"units\":[{\"id\":\"a\"},{\"id\":\"b\",\"parent\":\"a\"}],\"subjects\":[{"
    "\"type\":\"user\",\"id\":\"alice\","
    "\"properties\":{\"unit\":\"a\",\"level\":2},\"roles\":[\"writer\"]},{\"type\":\"user\",\"id\":"
    "\"bob\",\"roles\":[\"reader\"]}],"
    "\"resources\":[{\"type\":\"record\",\"id\":\"record-1\",\"properties\":{\"unit\":\"b\","
    "\"status\":\"active\"}},"
    "{\"type\":\"record\",\"id\":\"record-2\"}]}}";

static struct sj_domain *domain;

static void make_domain(void)
{
    struct sj_policy_fault fault;
    if (domain == NULL) {
        const struct sj_view text = sj_view_of(document, sizeof document - 1);
        SJ_ASSERT(!sj_failed(sj_domain_read(text, 1, &domain, &fault)));
    }
}

static sj_status ask(const struct sj_authzen_request *request, uint8_t which, struct sj_buf *out,
    struct sj_authzen_result *result)
{
    switch (which % 5) {
    case 0:
        return sj_authzen_evaluation(request, out, result);
    case 1:
        return sj_authzen_evaluations(request, out, result);
    default:
        return sj_authzen_search(request, (enum sj_authzen_search)(which % 5 - 2), out, result);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    make_domain();
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF((size_t)1 << 22);
    SJ_ASSERT(!sj_failed(sj_arena_new((size_t)1 << 20, &arena)));
    const struct sj_authzen_request request = {.domain = domain,
        .body = sj_view_of(data + 1, size - 1),
        .bare = (data[0] & 0x80) != 0,
        .now = 1,
        .arena = arena};
    struct sj_authzen_result result;
    if (sj_failed(ask(&request, data[0] & 0x7f, &out, &result))) {
        return 0;
    }
    CLEANUP(sj_json_doc_free) struct sj_json_doc *answer = NULL;
    struct sj_text why;
    SJ_ASSERT(!sj_failed(sj_json_doc_parse(sj_buf_view(&out), &answer, &why, arena)) ||
              out.len > (size_t)512 * 1024);
    return 0;
}
