/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the press print both languages from inside its sandbox, always the same bytes, and survive what is no card?
 * SANJEH_PRESS_OUT=DIR keeps the two sheets for looking at them.
 */
#include "sanjeh/card/press.h"
#include "test.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sj_view the_card(void)
{
    return sj_test_vector("card/card.json");
}

static void keep(const char *name, const struct sj_buf *pdf)
{
    const char *folder = getenv("SANJEH_PRESS_OUT");
    char path[512];
    if (folder == NULL) {
        return;
    }
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, pdf->ptr, pdf->len) == (ssize_t)pdf->len);
    (void)close(fd);
}

static bool has(const struct sj_buf *pdf, const char *word)
{
    return memmem(pdf->ptr, pdf->len, word, strlen(word)) != NULL;
}

static void print_both(struct sj_buf pdfs[2])
{
    struct sj_press *press = NULL;
    struct sj_hash hash;
    const struct sj_view json = the_card();
    REQUIRE_OK(sj_crypto_init());
    REQUIRE_OK(sj_sha256_one(json, &hash));
    REQUIRE_OK(sj_press_start(SJ_TEST_PRESS, NULL, &press));
    for (int i = 0; i < 2; i++) {
        pdfs[i] = SJ_BUF(SJ_PRESS_PDF_MAX);
        CHECK_OK(sj_press_print(press, json, &hash, (enum sj_press_language)i, &pdfs[i]));
        CHECK(pdfs[i].len > 5000 && memcmp(pdfs[i].ptr, "%PDF-1.5", 8) == 0);
    }
    sj_press_stop(&press);
}

TEST(press_prints_tagged_sheets_with_the_same_bytes_in_another_process)
{
    struct sj_buf first[2] = {SJ_BUF(0), SJ_BUF(0)};
    struct sj_buf second[2] = {SJ_BUF(0), SJ_BUF(0)};
    print_both(first);
    print_both(second);
    for (int i = 0; i < 2; i++) {
        CHECK(sj_view_equal(sj_buf_view(&first[i]), sj_buf_view(&second[i])));
        CHECK(has(&first[i], "/StructTreeRoot") && has(&first[i], "/MarkInfo"));
    }
    CHECK(!sj_view_equal(sj_buf_view(&first[0]), sj_buf_view(&first[1])));
    keep("fa.pdf", &first[0]);
    keep("en.pdf", &first[1]);
    for (int i = 0; i < 2; i++) {
        sj_buf_clear(&first[i]);
        sj_buf_clear(&second[i]);
    }
}

TEST(press_answers_what_is_no_card_and_goes_on)
{
    struct sj_press *press = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf pdf = SJ_BUF(SJ_PRESS_PDF_MAX);
    const struct sj_hash hash = {{0}};
    REQUIRE_OK(sj_press_start(SJ_TEST_PRESS, NULL, &press));
    CHECK_CODE(sj_press_print(press, sj_view_of("[1]", 3), &hash, SJ_PRESS_FA, &pdf), INVALID);
    CHECK_CODE(sj_press_print(press, sj_view_of("{\"a\"", 4), &hash, SJ_PRESS_FA, &pdf), INVALID);
    CHECK(pdf.len == 0);
    CHECK_OK(sj_press_print(press, sj_view_of("{}", 2), &hash, SJ_PRESS_FA, &pdf));
    CHECK(pdf.len > 0);
    sj_press_stop(&press);
}

TEST(press_that_is_not_there_is_no_press)
{
    struct sj_press *press = NULL;
    CHECK_CODE(sj_press_start(SJ_TEST_SOURCE "/no-such-program", NULL, &press), BUSY);
    CHECK(press == NULL);
}
