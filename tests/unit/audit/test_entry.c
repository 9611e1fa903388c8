/* SPDX-License-Identifier: Apache-2.0
 *
 * Has every entry exactly one byte form? The round trip, every rule broken once, and the property that makes the
 * record unambiguous: whatever decodes, encodes back to itself.
 */
#include "codec.h"
#include "sanjeh/audit/entry.h"
#include "sanjeh/crypto/random.h"
#include "test.h"

static struct sj_draft sample_draft(void)
{
    struct sj_draft draft = {
        .kind = SJ_ENTRY_ACCESS,
        .emitter = {{1, 2, 3}},
        .emitter_seq = 77,
        .tenant_tag = {{9}},
        .request_id = {{8}},
        .actor = {{7}},
        .object = {{6}},
        .outcome = SJ_OUTCOME_PERMITTED,
        .http_status = 200,
        .policy_version = 3,
        .payload_len = 12,
        .payload_commit = {{5}},
        .action = "judge:read",
        .object_type = "judge",
        .detail = "rows=43;unit=HRD",
    };
    return draft;
}

static struct sj_entry sample_entry(void)
{
    return (struct sj_entry){
        .index = 1234,
        .log_id = {{4}},
        .time = 1700000000000000,
        .tenant_seq = 2,
        .tenant_prev = {{3}},
        .draft = sample_draft(),
    };
}

TEST(entry_comes_back_as_it_was_written)
{
    struct sj_entry entry = sample_entry();
    struct sj_entry back;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf again = SJ_BUF(SJ_ENTRY_MAX);
    REQUIRE_OK(sj_entry_encode(&entry, &bytes));
    REQUIRE_OK(sj_entry_decode(sj_buf_view(&bytes), &back));
    CHECK(back.index == 1234 && back.tenant_seq == 2 && back.time == entry.time);
    CHECK(back.draft.emitter_seq == 77 && back.draft.http_status == 200);
    CHECK(sj_text_is(sj_text_of(back.draft.action), "judge:read"));
    CHECK(sj_text_is(sj_text_of(back.draft.detail), "rows=43;unit=HRD"));
    REQUIRE_OK(sj_entry_encode(&back, &again));
    CHECK(sj_view_equal(sj_buf_view(&bytes), sj_buf_view(&again)));
}

TEST(entry_layout_is_the_documented_one)
{
    const struct sj_entry entry = sample_entry();
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    REQUIRE_OK(sj_entry_encode(&entry, &bytes));
    /* head 73, fixed body 136, texts 10 + 5 + 16 (docs/AUDIT.md 2) */
    CHECK(bytes.len == 73 + 136 + 31);
    CHECK(bytes.ptr[0] == 1 && bytes.ptr[1] == 4);         /* version, log id */
    CHECK(bytes.ptr[23] == 0x04 && bytes.ptr[24] == 0xD2); /* index 1234 */
    CHECK(bytes.ptr[73] == SJ_ENTRY_ACCESS && bytes.ptr[74] == 1);
}

TEST(entry_sizes_fit_their_limits)
{
    CHECK(SJ_ENTRY_HEAD_SIZE == 73 && SJ_BODY_FIXED_SIZE == 136);
    CHECK(SJ_ENTRY_HEAD_SIZE + SJ_BODY_MAX <= SJ_ENTRY_MAX);
}

TEST(entry_refuses_what_has_no_encoding)
{
    static const struct {
        size_t what;
    } cases[] = {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}};
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        struct sj_entry entry = sample_entry();
        CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
        switch (cases[i].what) {
        case 0:
            entry.draft.kind = SJ_ENTRY_KIND_COUNT_;
            break;
        case 1:
            entry.draft.action[0] = '\0';
            break;
        case 2:
            entry.draft.detail[0] = '\n';
            break;
        case 3:
            entry.draft.detail[0] = (char)0xD8; /* no personal data: not even its alphabet */
            break;
        case 4:
            entry.draft.payload_len = 0; /* with a commitment */
            break;
        case 5:
            entry.draft.payload_commit = SJ_PAYLOAD_NONE; /* with a payload */
            break;
        case 6:
            entry.tenant_seq = 1; /* with an entry before */
            break;
        case 7:
            entry.time = -1;
            break;
        default:
            entry.tenant_seq = 0;
            break;
        }
        CHECK_CODE(sj_entry_encode(&entry, &bytes), INVALID);
        CHECK(bytes.len == 0);
    }
}

TEST(entry_of_any_prefix_or_with_a_tail_does_not_decode)
{
    const struct sj_entry entry = sample_entry();
    struct sj_entry back;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    REQUIRE_OK(sj_entry_encode(&entry, &bytes));
    for (size_t len = 0; len < bytes.len; len++) {
        CHECK_CODE(sj_entry_decode(sj_view_of(bytes.ptr, len), &back), PROTOCOL);
    }
    REQUIRE_OK(sj_buf_put_byte(&bytes, 0));
    CHECK_CODE(sj_entry_decode(sj_buf_view(&bytes), &back), PROTOCOL);
}

TEST(entry_that_decodes_encodes_to_the_same_bytes)
{
    const struct sj_entry entry = sample_entry();
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    size_t decoded = 0;
    size_t refused = 0;
    REQUIRE_OK(sj_entry_encode(&entry, &bytes));
    for (size_t at = 0; at < bytes.len; at++) {
        const uint8_t before = bytes.ptr[at];
        for (unsigned value = 0; value < 256; value++) {
            struct sj_entry back;
            CLEANUP(sj_buf_clear) struct sj_buf again = SJ_BUF(SJ_ENTRY_MAX);
            bytes.ptr[at] = (uint8_t)value;
            if (sj_failed(sj_entry_decode(sj_buf_view(&bytes), &back))) {
                refused++;
                continue;
            }
            decoded++;
            CHECK_OK(sj_entry_encode(&back, &again));
            CHECK(sj_view_equal(sj_buf_view(&bytes), sj_buf_view(&again)));
        }
        bytes.ptr[at] = before;
    }
    CHECK(decoded > 1000 && refused > 1000);
}

TEST(entry_text_with_a_nul_inside_does_not_decode)
{
    const struct sj_entry entry = sample_entry();
    struct sj_entry back;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    REQUIRE_OK(sj_entry_encode(&entry, &bytes));
    bytes.ptr[bytes.len - 1] = 0;
    CHECK_CODE(sj_entry_decode(sj_buf_view(&bytes), &back), PROTOCOL);
}

TEST(draft_comes_back_and_is_no_entry)
{
    const struct sj_draft draft = sample_draft();
    struct sj_draft back;
    struct sj_entry entry;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    REQUIRE_OK(sj_draft_encode(&draft, &bytes));
    REQUIRE_OK(sj_draft_decode(sj_buf_view(&bytes), &back));
    CHECK(back.emitter_seq == 77 && sj_uuid_equal(back.actor, draft.actor));
    CHECK_CODE(sj_entry_decode(sj_buf_view(&bytes), &entry), PROTOCOL);
}

TEST(entry_at_its_limits_encodes)
{
    struct sj_entry entry = sample_entry();
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
    for (size_t i = 0; i < SJ_ENTRY_DETAIL_MAX; i++) {
        entry.draft.detail[i] = 'x';
    }
    for (size_t i = 0; i < SJ_ENTRY_ACTION_MAX; i++) {
        entry.draft.action[i] = 'y';
    }
    CHECK_OK(sj_entry_encode(&entry, &bytes));
    struct sj_entry back;
    CHECK_OK(sj_entry_decode(sj_buf_view(&bytes), &back));
}

TEST(entry_kinds_have_their_documented_numbers_and_names)
{
    /* docs/AUDIT.md 2: numbers stand in logs that are never written again */
    static const char *const names[] = {NULL, "access", "sign-in", "anonymous", "emitter-open",
        "emitter-close", "void", "recovery", "config", "key", "tenant-heads", "key-rotate", "erase",
        "prune", "clock", "alarm", "stream-start", "stream-end", "scrub", "incarnation", NULL};
    CHECK(SJ_COUNT(names) == SJ_ENTRY_KIND_COUNT_ + 1);
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        const char *name = sj_entry_kind_name((enum sj_entry_kind)i);
        struct sj_entry entry = sample_entry();
        struct sj_entry back;
        CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_ENTRY_MAX);
        if (names[i] == NULL) {
            CHECK(name == NULL);
            continue;
        }
        REQUIRE(name != NULL);
        CHECK(sj_text_equal(sj_text_of(name), sj_text_of(names[i])));
        entry.draft.kind = (enum sj_entry_kind)i;
        REQUIRE_OK(sj_entry_encode(&entry, &bytes));
        CHECK(bytes.ptr[SJ_ENTRY_HEAD_SIZE] == i);
        CHECK_OK(sj_entry_decode(sj_buf_view(&bytes), &back));
        CHECK(back.draft.kind == entry.draft.kind);
    }
}
