/* SPDX-License-Identifier: Apache-2.0
 *
 * What does one encrypted field cost beside the bare cipher?
 * FLE1 (a key per value, commitment, context) of 60-byte fields against a loop of EVP AES-256-GCM that does the least:
 * one fixed key, context reused, the same associated data. CPU time, median of several runs that take turns.
 *   bench_fields [--runs N] [--ms N]
 */
#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/fle1.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/crypto/random.h"
#include <openssl/evp.h>
#include <string.h>

#define FIELD_SIZE 60
#define AAD_SIZE   66
#define BLOCK      256 /* operations between two looks at the clock */
#define RUNS_MAX   99
#define SECOND_NS  1000000000.0

struct bench {
    EVP_CIPHER *gcm;
    EVP_CIPHER_CTX *seal;
    EVP_CIPHER_CTX *open;
    uint8_t key[32];
    uint8_t iv[12];
    uint8_t aad[AAD_SIZE];
    uint8_t plain[FIELD_SIZE];
    uint8_t sealed[FIELD_SIZE];
    uint8_t tag[16];
    struct sj_key dek;
    struct sj_key field_key;
    struct sj_fle1_place place;
    struct sj_buf blob;
    struct sj_buf text;
};

typedef bool step_fn(struct bench *bench);

static bool gcm_seal(struct bench *bench, const uint8_t *key)
{
    int len = 0;
    return EVP_EncryptInit_ex2(bench->seal, NULL, key, bench->iv, NULL) == 1 &&
           EVP_EncryptUpdate(bench->seal, NULL, &len, bench->aad, AAD_SIZE) == 1 &&
           EVP_EncryptUpdate(bench->seal, bench->sealed, &len, bench->plain, FIELD_SIZE) == 1 &&
           EVP_EncryptFinal_ex(bench->seal, bench->sealed + len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(bench->seal, EVP_CTRL_AEAD_GET_TAG, 16, bench->tag) == 1;
}

static bool step_gcm_counter(struct bench *bench)
{
    for (size_t i = sizeof(bench->iv); i > 0 && ++bench->iv[i - 1] == 0; i--) {
    }
    return gcm_seal(bench, NULL);
}

static bool step_gcm_random(struct bench *bench)
{
    return !sj_failed(sj_random(bench->iv, sizeof(bench->iv))) && gcm_seal(bench, NULL);
}

static bool step_gcm_rekey(struct bench *bench)
{
    return !sj_failed(sj_random(bench->iv, sizeof(bench->iv))) && gcm_seal(bench, bench->key);
}

static bool gcm_open(struct bench *bench, const uint8_t *key)
{
    int len = 0;
    uint8_t out[FIELD_SIZE + 16];
    return EVP_DecryptInit_ex2(bench->open, NULL, key, bench->iv, NULL) == 1 &&
           EVP_DecryptUpdate(bench->open, NULL, &len, bench->aad, AAD_SIZE) == 1 &&
           EVP_DecryptUpdate(bench->open, out, &len, bench->sealed, FIELD_SIZE) == 1 &&
           EVP_CIPHER_CTX_ctrl(bench->open, EVP_CTRL_AEAD_SET_TAG, 16, bench->tag) == 1 &&
           EVP_DecryptFinal_ex(bench->open, out + len, &len) == 1;
}

static bool step_gcm_open(struct bench *bench)
{
    return gcm_open(bench, NULL);
}

static bool step_gcm_open_rekey(struct bench *bench)
{
    return gcm_open(bench, bench->key);
}

static bool step_fle1_seal(struct bench *bench)
{
    sj_buf_reset(&bench->blob);
    return !sj_failed(sj_fle1_encrypt(
        &bench->field_key, &bench->place, sj_view_of(bench->plain, FIELD_SIZE), &bench->blob));
}

static bool step_fle1_open(struct bench *bench)
{
    sj_buf_reset(&bench->text);
    return !sj_failed(
        sj_fle1_decrypt(&bench->field_key, &bench->place, sj_buf_view(&bench->blob), &bench->text));
}

static bool step_fle1_field_key(struct bench *bench)
{
    return !sj_failed(
        sj_fle1_field_key(&bench->dek, bench->place.table, bench->place.column, &bench->field_key));
}

/* The order matters: each row that opens needs what the row before it sealed. */
static const struct row {
    const char *name;
    step_fn *fn;
    size_t base; /* the row whose time is 1.00 */
} rows[] = {
    {"AES-256-GCM seal, one key, counter nonce", step_gcm_counter, 0},
    {"AES-256-GCM seal, one key, random nonce", step_gcm_random, 0},
    {"AES-256-GCM seal, key set each time, random nonce", step_gcm_rekey, 0},
    {"FLE1 encrypt", step_fle1_seal, 0},
    {"AES-256-GCM open, one key", step_gcm_open, 4},
    {"AES-256-GCM open, key set each time", step_gcm_open_rekey, 4},
    {"FLE1 decrypt", step_fle1_open, 4},
    {"FLE1 field key from subject key", step_fle1_field_key, 4},
};

static double cpu_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * SECOND_NS + (double)now.tv_nsec;
}

/* Nanoseconds of CPU for one operation; negative when one failed. */
static double measure(struct bench *bench, step_fn *fn, double budget_ns)
{
    const double start = cpu_ns();
    double count = 0;
    double spent = 0;
    while (spent < budget_ns) {
        for (size_t i = 0; i < BLOCK; i++) {
            if (!fn(bench)) {
                return -1;
            }
        }
        count += BLOCK;
        spent = cpu_ns() - start;
    }
    return spent / count;
}

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static bool run_all(struct bench *bench, size_t runs, double budget_ns, double *ret_medians)
{
    static double times[SJ_COUNT(rows)][RUNS_MAX];
    for (size_t run = 0; run < runs; run++) {
        for (size_t i = 0; i < SJ_COUNT(rows); i++) {
            times[i][run] = measure(bench, rows[i].fn, budget_ns);
            if (times[i][run] < 0) {
                (void)fprintf(stderr, "bench_fields: \"%s\" failed\n", rows[i].name);
                return false;
            }
        }
    }
    for (size_t i = 0; i < SJ_COUNT(rows); i++) {
        qsort(times[i], runs, sizeof(times[i][0]), compare_doubles);
        ret_medians[i] = times[i][runs / 2];
    }
    return true;
}

static void print_table(const double *medians, size_t runs)
{
    (void)printf("60-byte fields, CPU time, medians of %zu runs\n\n", runs);
    (void)printf("| operation | us | operations/s | ratio |\n|---|--:|--:|--:|\n");
    for (size_t i = 0; i < SJ_COUNT(rows); i++) {
        (void)printf("| %s | %.2f | %.0f | %.2f |\n", rows[i].name, medians[i] / 1000,
            SECOND_NS / medians[i], medians[i] / medians[rows[i].base]);
    }
}

static bool bench_init(struct bench *bench)
{
    bench->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    bench->seal = EVP_CIPHER_CTX_new();
    bench->open = EVP_CIPHER_CTX_new();
    bench->blob = SJ_BUF(1024);
    bench->text = SJ_BUF(1024);
    bench->place = (struct sj_fle1_place){.table = 1, .column = 1, .key_version = 1};
    memset(bench->plain, 'x', sizeof(bench->plain));
    return bench->gcm != NULL && bench->seal != NULL && bench->open != NULL &&
           !sj_failed(sj_crypto_init()) && !sj_failed(sj_random(bench->key, sizeof(bench->key))) &&
           !sj_failed(sj_random(bench->dek.bytes, sizeof(bench->dek.bytes))) &&
           EVP_EncryptInit_ex2(bench->seal, bench->gcm, bench->key, bench->iv, NULL) == 1 &&
           EVP_DecryptInit_ex2(bench->open, bench->gcm, bench->key, bench->iv, NULL) == 1 &&
           step_fle1_field_key(bench);
}

static void bench_clear(struct bench *bench)
{
    EVP_CIPHER_CTX_free(bench->seal);
    EVP_CIPHER_CTX_free(bench->open);
    EVP_CIPHER_free(bench->gcm);
    sj_buf_clear(&bench->blob);
    sj_buf_clear(&bench->text);
}

static bool parse_options(int argc, char **argv, uint64_t *ret_runs, uint64_t *ret_ms)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        const struct sj_text value = sj_text_of(argv[i + 1]);
        const bool is_runs = strcmp(argv[i], "--runs") == 0;
        if ((!is_runs && strcmp(argv[i], "--ms") != 0) ||
            sj_failed(
                sj_parse_u64(value, 1, is_runs ? RUNS_MAX : 60000, is_runs ? ret_runs : ret_ms))) {
            return false;
        }
    }
    return argc % 2 == 1;
}

int main(int argc, char **argv)
{
    uint64_t runs = 9;
    uint64_t ms = 200;
    double medians[SJ_COUNT(rows)];
    if (!parse_options(argc, argv, &runs, &ms)) {
        (void)fprintf(stderr, "usage: bench_fields [--runs N] [--ms N]\n");
        return 3;
    }
    struct bench bench = {0};
    const bool is_done =
        bench_init(&bench) && run_all(&bench, (size_t)runs, (double)ms * 1e6, medians);
    bench_clear(&bench);
    if (!is_done) {
        return 1;
    }
    print_table(medians, (size_t)runs);
    return 0;
}
