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
    SJ_TABLE_AUDIT_PAYLOAD = 7,
    /* intake */
    SJ_TABLE_IMPORT_JOB = 8,
    SJ_TABLE_DATA_ISSUE = 9,
    SJ_TABLE_POSTING = 10,
    /* computing */
    SJ_TABLE_EVALUATION_SCORE = 11,
    /* boards */
    SJ_TABLE_COI_DECLARATION = 12,
    SJ_TABLE_CHALLENGE = 13,
    SJ_TABLE_RATING = 14,
    SJ_TABLE_DRAFT = 15,
    SJ_TABLE_CALIBRATION_CHANGE = 16,
    SJ_TABLE_DECISION_SAMPLE = 17,
    SJ_TABLE_OPINION_REVIEW = 18,
    SJ_TABLE_OBSERVATION = 19,
    /* remedies */
    SJ_TABLE_SELF_ASSESSMENT = 20,
    SJ_TABLE_EVIDENCE_ITEM = 21,
    SJ_TABLE_DISCLOSURE = 22,
    SJ_TABLE_REPLY = 23,
    SJ_TABLE_REPLY_POINT = 24,
    SJ_TABLE_INTERVIEW = 25,
    SJ_TABLE_VERDICT = 26,
    SJ_TABLE_ACKNOWLEDGEMENT = 27,
    SJ_TABLE_APPEAL = 28,
    SJ_TABLE_CORRECTION_ORDER = 29,
    SJ_TABLE_IMPROVEMENT_PLAN = 30,
    SJ_TABLE_PLAN_ACTION = 31,
    SJ_TABLE_GATE_ANSWER = 32,
    /* report cards */
    SJ_TABLE_REPORT_CARD = 33,
    /* surveys */
    SJ_TABLE_SURVEY_ANSWER = 34,
    SJ_TABLE_SURVEY_RELEASE = 35,
    SJ_TABLE_APPEAL_VOTE = 50
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
    SJ_COLUMN_AUDIT_PAYLOAD = 1,
    SJ_COLUMN_DRAFT_BODY = 1,
    SJ_COLUMN_REPORT_CARD_PART = 1,
    /* of every table of remedies: what was said, and what was answered to it */
    SJ_COLUMN_RECORD_BODY = 1,
    SJ_COLUMN_RECORD_ANSWER = 2,
    SJ_COLUMN_EVALUATION_SCORE_BODY = 1,
    SJ_COLUMN_IMPORT_COMMENT = 1,
    SJ_COLUMN_IMPORT_PART = 2,
    SJ_COLUMN_DATA_ISSUE_TEXT = 1,
    SJ_COLUMN_DATA_ISSUE_REASON = 2,
    SJ_COLUMN_POSTING_ORDER_NUMBER = 1
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
