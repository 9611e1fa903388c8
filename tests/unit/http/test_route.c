/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the router find one route for one spelling, literals before parameters, and say what is
 * allowed?
 */
#include "route.h"

#include "test.h"

static const struct sj_route ROUTES[] = {
    {.method = SJ_GET, .path = "/"},
    {.method = SJ_GET, .path = "/judges"},
    {.method = SJ_POST, .path = "/judges"},
    {.method = SJ_GET, .path = "/judges/{id}"},
    {.method = SJ_PATCH, .path = "/judges/{id}"},
    {.method = SJ_GET, .path = "/judges/search"},
    {.method = SJ_GET, .path = "/judges/{id}/log"},
    {.method = SJ_GET, .path = "/{kind}/{id}/log"},
    {.method = SJ_GET, .path = "/judges/me/{part}"},
    {.method = SJ_POST, .path = "/access/{name}/search/{what}"},
    {.method = SJ_POST, .path = "/access/v1/search/subject"},
    {.method = SJ_GET, .path = "/tile/{name*}"},
    {.method = SJ_GET, .path = "/tile/deep/{name*}"},
    {.method = SJ_GET, .path = "/tile/{level}/first"},
};

struct found {
    const struct sj_http_path *path;
    struct sj_text segments[SJ_HTTP_SEGMENTS_MAX];
    size_t count;
};

static struct found find(const struct sj_http_router *router, const char *path)
{
    struct found found = {.path = NULL};
    found.path = sj_http_router_find(router, sj_text_of(path), found.segments, &found.count);
    return found;
}

static bool leads_to(const struct sj_http_router *router, const char *path, const char *expected)
{
    const struct found found = find(router, path);
    return expected == NULL ? found.path == NULL
                            : found.path != NULL && sj_text_is(found.path->text, expected);
}

TEST(route_finds_the_most_literal_path)
{
    CLEANUP(sj_http_router_free) struct sj_http_router *router = NULL;
    REQUIRE_OK(sj_http_router_new(ROUTES, SJ_COUNT(ROUTES), &router));
    CHECK(leads_to(router, "/", "/"));
    CHECK(leads_to(router, "/judges", "/judges"));
    CHECK(leads_to(router, "/judges/7", "/judges/{id}"));
    CHECK(leads_to(router, "/judges/search", "/judges/search"));
    CHECK(leads_to(router, "/judges/searching", "/judges/{id}"));
    CHECK(leads_to(router, "/judges/7/log", "/judges/{id}/log"));
    CHECK(leads_to(router, "/courts/7/log", "/{kind}/{id}/log"));
    CHECK(leads_to(router, "/judges/me/log", "/judges/me/{part}"));
    CHECK(leads_to(router, "/access/v1/search/subject", "/access/v1/search/subject"));
    CHECK(leads_to(router, "/access/v1/search/action", "/access/{name}/search/{what}"));
}

TEST(route_finds_nothing_for_other_spellings)
{
    CLEANUP(sj_http_router_free) struct sj_http_router *router = NULL;
    REQUIRE_OK(sj_http_router_new(ROUTES, SJ_COUNT(ROUTES), &router));
    CHECK(leads_to(router, "", NULL));
    CHECK(leads_to(router, "/judges/", NULL));
    CHECK(leads_to(router, "/Judges", NULL));
    CHECK(leads_to(router, "/%6audges", NULL));
    CHECK(leads_to(router, "/judge", NULL));
    CHECK(leads_to(router, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r", NULL));
}

TEST(route_hands_out_segments_for_parameters)
{
    CLEANUP(sj_http_router_free) struct sj_http_router *router = NULL;
    REQUIRE_OK(sj_http_router_new(ROUTES, SJ_COUNT(ROUTES), &router));
    const struct found found = find(router, "/access/pilot/search/subject");
    REQUIRE(found.path != NULL && found.count == 4);
    CHECK(found.path->segments[1].is_param && sj_text_is(found.path->segments[1].text, "name"));
    CHECK(sj_text_is(found.segments[1], "pilot"));
    CHECK(sj_text_is(found.segments[3], "subject"));
}

TEST(route_gives_the_rest_of_a_path_to_a_starred_parameter)
{
    CLEANUP(sj_http_router_free) struct sj_http_router *router = NULL;
    REQUIRE_OK(sj_http_router_new(ROUTES, SJ_COUNT(ROUTES), &router));
    struct found found = find(router, "/tile/0/x001/067.p/12");
    REQUIRE(found.path != NULL && sj_text_is(found.path->text, "/tile/{name*}"));
    CHECK(found.count == 2 && sj_text_is(found.segments[1], "0/x001/067.p/12"));
    CHECK(found.path->segments[1].is_param && sj_text_is(found.path->segments[1].text, "name"));
    found = find(router, "/tile/0");
    REQUIRE(found.path != NULL && found.count == 2);
    CHECK(sj_text_is(found.segments[1], "0"));
    found = find(router, "/tile/deep/a/b");
    REQUIRE(found.path != NULL && found.count == 3);
    CHECK(sj_text_is(found.path->text, "/tile/deep/{name*}"));
    CHECK(sj_text_is(found.segments[2], "a/b"));
    CHECK(leads_to(router, "/tile/0/first", "/tile/{level}/first"));
    CHECK(leads_to(router, "/tile/0/first/", "/tile/{name*}"));
    CHECK(leads_to(router, "/tile", NULL));
    CHECK(leads_to(router, "/tile/", NULL));
    CHECK(leads_to(router, "/tiles/0", NULL));
}

TEST(route_offers_head_where_get_is)
{
    CLEANUP(sj_http_router_free) struct sj_http_router *router = NULL;
    REQUIRE_OK(sj_http_router_new(ROUTES, SJ_COUNT(ROUTES), &router));
    const struct found found = find(router, "/judges/7");
    REQUIRE(found.path != NULL);
    CHECK(sj_http_path_route(found.path, SJ_HEAD) == &ROUTES[3]);
    CHECK(sj_http_path_route(found.path, SJ_PATCH) == &ROUTES[4]);
    CHECK(sj_http_path_route(found.path, SJ_POST) == NULL);
    CHECK(sj_http_path_route(found.path, SJ_METHOD_COUNT_) == NULL);
    CHECK(sj_text_is(sj_text_of(found.path->allow), "GET, HEAD, PATCH"));
    const struct found post = find(router, "/access/x/search/y");
    REQUIRE(post.path != NULL);
    CHECK(sj_http_path_route(post.path, SJ_HEAD) == NULL);
    CHECK(sj_text_is(sj_text_of(post.path->allow), "POST"));
}

TEST(route_refuses_a_broken_table)
{
    static const struct sj_route twice[] = {
        {.method = SJ_GET, .path = "/a"}, {.method = SJ_GET, .path = "/a"}};
    static const struct sj_route relative[] = {{.method = SJ_GET, .path = "a"}};
    static const struct sj_route open_brace[] = {{.method = SJ_GET, .path = "/{id"}};
    static const struct sj_route nameless[] = {{.method = SJ_GET, .path = "/{}"}};
    static const struct sj_route star_inside[] = {{.method = SJ_GET, .path = "/{all*}/b"}};
    static const struct sj_route star_alone[] = {{.method = SJ_GET, .path = "/{*}"}};
    CLEANUP(sj_http_router_free) struct sj_http_router *router = NULL;
    CHECK_CODE(sj_http_router_new(star_inside, 1, &router), BAD_CONFIG);
    CHECK_CODE(sj_http_router_new(star_alone, 1, &router), BAD_CONFIG);
    CHECK_CODE(sj_http_router_new(twice, 2, &router), BAD_CONFIG);
    CHECK_CODE(sj_http_router_new(relative, 1, &router), BAD_CONFIG);
    CHECK_CODE(sj_http_router_new(open_brace, 1, &router), BAD_CONFIG);
    CHECK_CODE(sj_http_router_new(nameless, 1, &router), BAD_CONFIG);
}
