/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom do we believe to be who they say? Everything that could lead a connection elsewhere is off, and one file of authorities replaces all
 * others. It stands here alone: two lists of these settings would differ some day, and the laxer one would be the way in.
 */
#include "sanjeh/fetch/trust.h"

#include <curl/curl.h>

bool sj_fetch_trust(void *handle, const char *protocol, const char *ca_file)
{
    CURL *curl = handle;
    bool ok =
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocol) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    if (ca_file[0] != '\0') { /* this one and no other */
        ok = ok && curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
    }
    return ok;
}
