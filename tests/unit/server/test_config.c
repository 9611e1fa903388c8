/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a wrong configuration refuse to start, and does it say where?
 */
#include "config.h"
#include "test.h"

static const char good[] = "# comment\n[server]\ncert_file = /c.pem\nkey_file=/k.pem\nport = 9443\n"
                           "[database]\nconninfo = host=/run dbname=sanjeh\n"
                           "[keeper]\nroot_key_file = /root.key\nsigner_state = /state\n"
                           "[audit]\norigin = log.example/1\n[policy]\nfolder = /policy\n";

static sj_status load(const char *text, struct sj_config *config, char *detail)
{
    char path[] = "/tmp/sanjeh-config-XXXXXX";
    const int fd = mkstemp(path);
    SJ_ASSERT(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
    const sj_status status = sj_config_load(path, config, detail);
    (void)unlink(path);
    return status;
}

static void check_refused(const char *tail, const char *expected)
{
    char text[2048];
    char detail[SJ_CONFIG_DETAIL_SIZE];
    struct sj_config config;
    (void)snprintf(text, sizeof text, "%s%s", good, tail);
    CHECK_CODE(load(text, &config, detail), BAD_CONFIG);
    CHECK(strstr(detail, expected) != NULL);
}

TEST(config_reads_values_and_defaults)
{
    struct sj_config config;
    char detail[SJ_CONFIG_DETAIL_SIZE];
    REQUIRE_OK(load(good, &config, detail));
    CHECK(config.port == 9443);
    CHECK(strcmp(config.conninfo, "host=/run dbname=sanjeh") == 0);
    CHECK(config.head_deadline_s == 30);
    CHECK(strcmp(config.address, "127.0.0.1") == 0);
}

TEST(config_refuses_unknown_keys_and_names_the_line)
{
    check_refused("[http]\nidle_timeout = 5\n", ":16: unknown key");
}

TEST(config_refuses_a_key_of_another_section)
{
    check_refused("[log]\nport = 5\n", "unknown key");
}

TEST(config_refuses_values_out_of_range)
{
    check_refused("[http]\nper_ip_limit = 0\n", "must be a number from 1");
    check_refused("[http]\nper_ip_limit = 5x\n", "must be a number from 1");
    check_refused("[http]\nper_ip_limit =\n", "must be a number from 1");
}

TEST(config_refuses_a_key_that_stands_twice)
{
    check_refused("[server]\nport = 1\n", "stands twice");
}

TEST(config_refuses_a_line_without_a_value)
{
    check_refused("[log]\nlevel\n", "expected 'key = value'");
}

TEST(config_refuses_what_is_not_utf8)
{
    check_refused("[log]\nlevel = \xff\n", "not UTF-8");
}

TEST(config_refuses_a_missing_mandatory_key)
{
    struct sj_config config;
    char detail[SJ_CONFIG_DETAIL_SIZE];
    CHECK_CODE(load("[server]\nport = 1\n", &config, detail), BAD_CONFIG);
    CHECK(strstr(detail, "must be set") != NULL);
}

TEST(config_environment_wins_over_the_file)
{
    struct sj_config config;
    char detail[SJ_CONFIG_DETAIL_SIZE];
    REQUIRE(setenv("SANJEH_SERVER_PORT", "7443", 1) == 0);
    CHECK_OK(load(good, &config, detail));
    CHECK(config.port == 7443);
    REQUIRE(setenv("SANJEH_SERVER_PORT", "70000", 1) == 0);
    CHECK_CODE(load(good, &config, detail), BAD_CONFIG);
    CHECK(strstr(detail, "SANJEH_SERVER_PORT") != NULL);
    REQUIRE(unsetenv("SANJEH_SERVER_PORT") == 0);
}

TEST(config_refuses_an_unknown_log_level)
{
    check_refused("[log]\nlevel = loud\n", "[log] level");
}

TEST(config_tells_what_a_reload_cannot_change)
{
    struct sj_config a;
    struct sj_config b;
    char detail[SJ_CONFIG_DETAIL_SIZE];
    REQUIRE_OK(load(good, &a, detail));
    b = a;
    (void)snprintf(b.log_level, sizeof b.log_level, "debug");
    CHECK(sj_config_equal_but_log_level(&a, &b));
    b.port++;
    CHECK(!sj_config_equal_but_log_level(&a, &b));
}
