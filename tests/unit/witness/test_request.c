/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a body of add-checkpoint read in its one spelling, and nothing else?
 */
#include <stdio.h>

#include "sanjeh/base/buf.h"
#include "sanjeh/witness/witness.h"
#include "test.h"

#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

static sj_status parse(const char *text, struct sj_witness_request *request)
{
    return sj_witness_request_parse(sj_text_bytes(sj_text_of(text)), request);
}

TEST(witness_request_is_read_and_written_alike)
{
    static const char text[] = "old 20852014\n" HASH HASH "\nexample.com/log\n5\n\n";
    struct sj_witness_request request;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(1024);
    REQUIRE_OK(parse(text, &request));
    CHECK(request.old_size == 20852014 && request.proof_count == 2);
    CHECK(request.checkpoint.len == sizeof("example.com/log\n5\n\n") - 1);
    CHECK_OK(sj_witness_request_format(
        request.old_size, request.proof, request.proof_count, request.checkpoint, &out));
    CHECK(sj_text_is(sj_buf_text(&out), text));
    CHECK_OK(parse("old 0\n\nc\n", &request));
    CHECK(request.old_size == 0 && request.proof_count == 0);
}

TEST(attack_18_malformed_witness_requests_are_refused)
{
    static const char *const bad[] = {"", "old 5", "old 5\n", "old 5\n\n", "old  5\n\nc\n",
        "old 05\n\nc\n", "old +5\n\nc\n", "old -5\n\nc\n", "old\n\nc\n", "new 5\n\nc\n",
        "old 9223372036854775808\n\nc\n", "old 18446744073709551617\n\nc\n", "old 5\r\n\r\nc\n",
        "old 5\n" HASH, "old 5\n" HASH "\n", "old 5\nAAAA\n\nc\n",
        "old 5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\nc\n", "old 5\n " HASH "\nc\n",
        "old 5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\nc\n", "old 5 \n\nc\n",
        " old 5\n\nc\n"};
    struct sj_witness_request request;
    for (size_t i = 0; i < SJ_COUNT(bad); i++) {
        const sj_status status = parse(bad[i], &request);
        CHECK(status.code == SJ_INVALID);
        if (status.code != SJ_INVALID) {
            (void)printf("    case %zu\n", i);
        }
    }
}

TEST(attack_18_witness_request_has_at_most_63_hashes)
{
    for (size_t count = 62; count <= 65; count++) {
        CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(8192);
        struct sj_witness_request request;
        CHECK_OK(sj_buf_put_str(&text, "old 9223372036854775807\n"));
        for (size_t i = 0; i < count; i++) {
            CHECK_OK(sj_buf_put_str(&text, HASH));
        }
        CHECK_OK(sj_buf_put_str(&text, "\nc\n"));
        const sj_status status = sj_witness_request_parse(sj_buf_view(&text), &request);
        CHECK((status.code == SJ_OK) == (count <= 63));
    }
}

TEST(witness_size_body_is_one_number_and_a_newline)
{
    static const char *const bad[] = {"", "5", "5\n\n", " 5\n", "05\n", "5\r\n", "x\n", "-1\n"};
    uint64_t size = 0;
    CHECK_OK(sj_witness_size_parse(sj_text_bytes(SJ_TEXT("20852014\n")), &size));
    CHECK(size == 20852014);
    for (size_t i = 0; i < SJ_COUNT(bad); i++) {
        CHECK_CODE(sj_witness_size_parse(sj_text_bytes(sj_text_of(bad[i])), &size), INVALID);
    }
}
