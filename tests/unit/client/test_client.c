/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the client refuse what would lead it elsewhere, and say why a call failed? The rest of it is tried against a running
 * server (tests/api/test_cli_import.py).
 */
#include "sanjeh/client/import.h"

#include "test.h"

TEST(client_takes_https_origins_alone)
{
    static const char *const refused[] = {"http://localhost:8443", "https://", "localhost:8443",
        "https://localhost/path", "https://user@localhost", "https://localhost?x",
        "ftp://localhost", "https://a b", "file:///etc/passwd", ""};
    for (size_t i = 0; i < SJ_COUNT(refused); i++) {
        CLEANUP(sj_client_free) struct sj_client *client = NULL;
        CHECK_CODE(sj_client_new(refused[i], NULL, &client), INVALID);
        CHECK(client == NULL);
    }
    static const char *const taken[] = {
        "https://localhost:8443", "https://sanjeh.example", "https://[::1]:8443"};
    for (size_t i = 0; i < SJ_COUNT(taken); i++) {
        CLEANUP(sj_client_free) struct sj_client *client = NULL;
        CHECK_OK(sj_client_new(taken[i], NULL, &client));
    }
}

TEST(client_says_that_nobody_listens)
{
    CLEANUP(sj_client_free) struct sj_client *client = NULL;
    CHECK_OK(sj_client_new("https://127.0.0.1:1", NULL, &client)); /* tcpmux: nobody's */
    const struct sj_client_call call = {"GET", "/healthz", NULL, {NULL, 0}, 0};
    CHECK_CODE(sj_client_send(client, &call), SERVER_UNREACHABLE);
    CHECK(sj_client_why(client)[0] != '\0' && sj_client_problem(client)[0] == '\0');
    CHECK(sj_client_body(client).len == 0);
}

TEST(client_needs_its_ca_file)
{
    CLEANUP(sj_client_free) struct sj_client *client = NULL;
    CHECK_OK(sj_client_new("https://127.0.0.1:1", "/nonexistent/ca.pem", &client));
    const struct sj_client_call call = {"GET", "/healthz", NULL, {NULL, 0}, 0};
    const enum sj_code code = sj_client_send(client, &call).code;
    CHECK(code == SJ_SERVER_UNTRUSTED || code == SJ_SERVER_UNREACHABLE);
}

TEST(client_asks_for_imports_by_id_alone)
{
    CLEANUP(sj_client_free) struct sj_client *client = NULL;
    struct sj_client_job job;
    CHECK_OK(sj_client_new("https://127.0.0.1:1", NULL, &client));
    CHECK_CODE(sj_client_import_find(client, "../accounts", &job), INVALID);
    CHECK_CODE(sj_client_import_find(client, "", &job), INVALID);
}
