/* SPDX-License-Identifier: Apache-2.0
 *
 * The press's own side of its line (card/press.h): the whole of the program sanjehd-press.
 */
#ifndef SJ_CARD_PRESS_PROGRAM_H
#define SJ_CARD_PRESS_PROGRAM_H

/* `sanjehd-press PARENT [USER]`: answers on descriptor 3 until it ends or the process PARENT dies. Returns the exit code: 0 ended, 1 could not
 * begin, 2 started by hand. */
int sj_press_main(int argc, char **argv);

#endif
