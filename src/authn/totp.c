/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this the code of now? RFC 6238 (SHA-1, 6 digits, 30 s) through liboath, which enters the house only here
 * and in its initialisation. Its traps (CRYPTO 4.2): it accepts 6, 7 and 8 digits by the length of what it is
 * given, success is any result >= 0, and it remembers nothing. So the length is checked first, each step is
 * asked for by itself, and the caller stores the step so that a code is good once. We accept the present step
 * and the one before (a documented deviation from ASVS 6.5.5, off with totp_window_back = 0), never a later one.
 */
#include "authn_priv.h"

#include <liboath/oath.h>

#include "sanjeh/text/persian.h"

#define DIGITS 6
#define STEP_S 30

/* People type the digits of their keyboard: ۱۲۳۴۵۶ is 123456. */
static sj_status fold_code(struct sj_text code, bool *ret_valid, char ret_digits[DIGITS + 1])
{
    *ret_valid = false;
    if (code.len < DIGITS || code.len > (size_t)DIGITS * 4) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf folded = SJ_BUF(64);
    TRY(sj_fa_digits(code, &folded));
    if (folded.len != DIGITS) {
        return SJ_DONE;
    }
    for (size_t i = 0; i < DIGITS; i++) {
        if (folded.ptr[i] < '0' || folded.ptr[i] > '9') {
            return SJ_DONE;
        }
        ret_digits[i] = (char)folded.ptr[i];
    }
    ret_digits[DIGITS] = '\0';
    *ret_valid = true;
    return SJ_DONE;
}

sj_status authn_totp_match(struct sj_view secret, struct sj_text code, int64_t now_s,
    unsigned window_back, bool *ret_match, int64_t *ret_step)
{
    ENSURE(secret.len == TOTP_SECRET_BYTES && now_s >= STEP_S, CRYPTO);
    char digits[DIGITS + 1] = {0};
    bool valid = false;
    TRY(fold_code(code, &valid, digits));
    bool match = false;
    for (unsigned back = 0; valid && back <= window_back; back++) {
        int position = 0;
        uint64_t counter = 0;
        const int result = oath_totp_validate4((const char *)secret.ptr, secret.len,
            (time_t)(now_s - (int64_t)back * STEP_S), STEP_S, OATH_TOTP_DEFAULT_START_TIME,
            /* window= */ 0, &position, &counter, /* flags= */ 0, digits);
        if (result >= 0 && !match) {
            match = true;
            *ret_step = (int64_t)counter;
        }
        ENSURE(result >= 0 || result == OATH_INVALID_OTP, CRYPTO);
    }
    sj_wipe(digits, sizeof digits);
    *ret_match = match;
    return SJ_DONE;
}
