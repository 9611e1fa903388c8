/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls that have hurt others become compile errors. Force-included into every translation unit,
 * so it stands before every system header: poisoned names may still be declared there, not used.
 * The replacement stands beside each group. Exceptions are counted in tests/lint/banned.allow.
 */
#ifndef SJ_BASE_BANNED_H
#define SJ_BASE_BANNED_H

#include <math.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

/* sj_buf, sj_copy, sj_format */
#pragma GCC poison strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets
/* sj_parse_i64, sj_parse_u64 */
#pragma GCC poison strtok strtok_r atoi atol atoll atof strtol strtoll strtoul strtoull strtod
#pragma GCC poison sscanf vsscanf
/* base/time.h */
#pragma GCC poison gmtime localtime ctime asctime gmtime_r localtime_r ctime_r asctime_r
/* mkstemp or memfd_create */
#pragma GCC poison mktemp tmpnam tempnam
/* sj_random of crypto/random.h */
#pragma GCC poison rand srand random srandom
#undef alloca
#pragma GCC poison alloca system popen longjmp

#endif
