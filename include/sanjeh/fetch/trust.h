/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom does a connection of libcurl trust? One answer for all of our programs that ask others over HTTP.
 */
#ifndef SJ_FETCH_TRUST_H
#define SJ_FETCH_TRUST_H

#include <stdbool.h>

/* Sets a handle (CURL *) so: this protocol alone ("https", or "http" for this machine), TLS 1.2 at least, the peer's certificate and name
 * checked by ca_file and nothing else ("": by the system's authorities), no redirect, proxy or netrc. False: the library would not. */
bool sj_fetch_trust(void *curl, const char *protocol, const char *ca_file);

#endif
