/* SPDX-License-Identifier: Apache-2.0
 *
 * May we connect with this string, and how? The password never stands in it (process lists, error texts,
 * core dumps): passfile= names a file that libpq reads itself. The way is a unix socket or TLS with a
 * verified name (sslmode=verify-full); the check looks at the effective values, so PGHOST and PGSSLMODE
 * cannot weaken it. If this is wrong, whoever sits between reads the database session.
 */
#include "db_priv.h"

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (size_t i = 0; options != NULL && options[i].keyword != NULL; i++) {
        if (strcmp(options[i].keyword, keyword) == 0) {
            return options[i].val;
        }
    }
    return NULL;
}

static bool is_set(const char *value)
{
    return value != NULL && value[0] != '\0';
}

/* Every host of a comma-separated list is a socket folder; an empty one is libpq's default socket. */
static bool all_local(const char *hosts)
{
    struct sj_text rest = sj_text_of(hosts == NULL ? "" : hosts);
    struct sj_text host;
    while (sj_text_split(&rest, ',', &host)) {
        if (host.len > 0 && host.ptr[0] != '/' && host.ptr[0] != '@') {
            return false;
        }
    }
    return true;
}

static sj_status check(const PQconninfoOption *given, const PQconninfoOption *defaults)
{
    ENSURE(given != NULL && defaults != NULL, BAD_CONFIG);
    ENSURE(!is_set(value_of(given, "password")), BAD_CONFIG);
    ENSURE(!is_set(value_of(given, "options")), BAD_CONFIG);
    /* A service file could bring a host that is not seen here. */
    ENSURE(!is_set(value_of(given, "service")), BAD_CONFIG);
    const char *host = value_of(given, "host");
    const char *hostaddr = value_of(given, "hostaddr");
    const char *mode = value_of(given, "sslmode");
    host = is_set(host) ? host : value_of(defaults, "host");
    hostaddr = is_set(hostaddr) ? hostaddr : value_of(defaults, "hostaddr");
    mode = is_set(mode) ? mode : value_of(defaults, "sslmode");
    const bool local = !is_set(hostaddr) && all_local(host);
    ENSURE(local || (mode != NULL && strcmp(mode, "verify-full") == 0), BAD_CONFIG);
    return SJ_DONE;
}

sj_status db_conninfo_check(const char *conninfo)
{
    char *error = NULL;
    PQconninfoOption *given = PQconninfoParse(conninfo, &error);
    PQconninfoOption *defaults = PQconndefaults();
    const sj_status status = check(given, defaults);
    PQfreemem(error);
    PQconninfoFree(given);
    PQconninfoFree(defaults);
    return status;
}

PGconn *db_conninfo_start(const char *conninfo, const char *options)
{
    const char *const keywords[] = {
        "dbname", "client_encoding", "options", "fallback_application_name", NULL};
    const char *const values[] = {conninfo, "UTF8", options, "sanjeh", NULL};
    return PQconnectStartParams(keywords, values, /* expand_dbname= */ 1);
}
