/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjehd-press: draws report cards for sanjehd, which starts it. See card/press.h.
 */
#include "sanjeh/base/memory.h"
#include "sanjeh/card/press_program.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    sj_memory_setup();
    /* Without the libraries' last words: the sandbox has no calls for them. */
    _exit(sj_press_main(argc, argv));
}
