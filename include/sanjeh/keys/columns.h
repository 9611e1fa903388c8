/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers of the encrypted tables, columns and blind indexes. They are part of every ciphertext's
 * context: a number is never changed or used again, renaming a column in SQL does not touch it.
 */
#ifndef SJ_KEYS_COLUMNS_H
#define SJ_KEYS_COLUMNS_H

enum sj_table_number {
    SJ_TABLE_JUDGE = 1,
    SJ_TABLE_INDICATOR_VALUE = 2,
    SJ_TABLE_ACCOUNT = 3,
    SJ_TABLE_TOTP = 4,
    SJ_TABLE_IDEMPOTENCY = 5,
    SJ_TABLE_CONTRIBUTION = 6,
    SJ_TABLE_AUDIT_PAYLOAD = 7
};

enum sj_column_number {
    SJ_COLUMN_JUDGE_NAME = 1,
    SJ_COLUMN_JUDGE_PERSONNEL_NUMBER = 2,
    SJ_COLUMN_JUDGE_NATIONAL_NUMBER = 3,
    SJ_COLUMN_VALUE = 1,
    SJ_COLUMN_VALUE_N = 2,
    SJ_COLUMN_ACCOUNT_DISPLAY_NAME = 1,
    SJ_COLUMN_TOTP_SECRET = 1,
    SJ_COLUMN_IDEMPOTENCY_BODY = 1,
    SJ_COLUMN_CONTRIBUTION_COMMENT = 1,
    SJ_COLUMN_CONTRIBUTION_FILE_SHA256 = 2,
    SJ_COLUMN_AUDIT_PAYLOAD = 1
};

/* Blind indexes: number and bits. */
enum sj_index_number {
    SJ_INDEX_JUDGE_PERSONNEL_NUMBER = 1, /* 128 bits, unique */
    SJ_INDEX_JUDGE_NATIONAL_NUMBER = 2,  /* 128 bits, unique */
    SJ_INDEX_JUDGE_NAME_TOKEN = 3        /* 10 bits: decrypt and filter */
};
#define SJ_INDEX_BITS_UNIQUE     128u
#define SJ_INDEX_BITS_NAME_TOKEN 10u

#endif
