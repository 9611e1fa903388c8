/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes the migrated database that the tests of one run copy: pg_template FOLDER.
 */
#include "pg.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: pg_template FOLDER\n", stderr);
        return 2;
    }
    (void)sj_pg_start((struct sj_view){NULL, 0});
    sj_pg_keep(argv[1]);
    return 0;
}
