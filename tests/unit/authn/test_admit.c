/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the bucket in front of the sign-in let through? Its times are the test's own.
 */
#include "authn_priv.h"
#include "world.h"

static struct sj_uuid v4(uint32_t address)
{
    struct sj_uuid source = {{0}};
    source.bytes[10] = source.bytes[11] = 0xff;
    for (unsigned i = 0; i < 4; i++) {
        source.bytes[12 + i] = (uint8_t)(address >> (24 - 8 * i));
    }
    return source;
}

static unsigned admitted(
    struct admission *admission, struct sj_uuid source, unsigned attempts, int64_t now_ms)
{
    unsigned count = 0;
    for (unsigned i = 0; i < attempts; i++) {
        int64_t retry_s = 0;
        const bool good = authn_admit(admission, source, now_ms, &retry_s);
        CHECK(good ? retry_s == 0 : retry_s == 1);
        count += good;
    }
    return count;
}

static void free_admission(struct admission **admission)
{
    authn_admission_free(admission);
}

TEST(admit_gives_a_source_its_burst_and_then_its_rate)
{
    CLEANUP(free_admission) struct admission *admission = NULL;
    REQUIRE_OK(authn_admission_new(&admission));
    CHECK(admitted(admission, v4(1), 4000, 1000) == ADMIT_BURST);
    CHECK(admitted(admission, v4(2), 10, 1000) == 10);
    CHECK(admitted(admission, v4(1), 10, 1400) == 0);
    CHECK(admitted(admission, v4(1), 10, 1500) == 1);
    CHECK(admitted(admission, v4(1), 100, 11500) == 10 * ADMIT_PER_S);
    CHECK(admitted(admission, v4(1), 100, 500) == 0); /* a clock that goes back gives nothing */
    CHECK(admitted(admission, v4(1), 4000, 10000000) == ADMIT_BURST);
}

TEST(admit_counts_an_ipv6_network_as_one)
{
    CLEANUP(free_admission) struct admission *admission = NULL;
    REQUIRE_OK(authn_admission_new(&admission));
    struct sj_uuid source = {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1}};
    unsigned count = 0;
    for (unsigned i = 0; i < 1000; i++) {
        source.bytes[8] = (uint8_t)(i >> 8);
        source.bytes[15] = (uint8_t)i;
        count += admitted(admission, source, 1, 1000);
    }
    CHECK(count == ADMIT_BURST);
    source.bytes[7] = 2;
    CHECK(admitted(admission, source, 1, 1000) == 1);
}

TEST(admit_shuts_nobody_out_when_its_table_is_full)
{
    CLEANUP(free_admission) struct admission *admission = NULL;
    REQUIRE_OK(authn_admission_new(&admission));
    CHECK(admitted(admission, v4(7), 1000, 1000) == ADMIT_BURST);
    for (uint32_t i = 0; i < 50000; i++) {
        CHECK(admitted(admission, v4(1000 + i), 1, 1000) == 1);
    }
    /* a flood of sources that try once does not wash out the one that has used its bucket up */
    CHECK(admitted(admission, v4(7), 10, 1000) == 0);
}

DESK_TEST(admit_refuses_before_the_database_is_asked)
{
    const struct sj_uuid source = v4(9);
    int64_t retry_s = 0;
    for (unsigned i = 0; i < ADMIT_BURST; i++) {
        REQUIRE_OK(sj_login_admit(&desk->loop, source, &retry_s));
    }
    sj_status status = SJ_DONE;
    for (unsigned i = 0; i < 10 && !sj_failed(status); i++) { /* a slow machine earns some back */
        status = sj_login_admit(&desk->loop, source, &retry_s);
    }
    CHECK_CODE(status, TOO_MANY_REQUESTS);
    CHECK(retry_s == 1);
    CHECK(world_number("select count(*) from sanjeh.login_throttle where '%s' <> ''", source) == 0);
}
