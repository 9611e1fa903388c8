/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of moves by itself: can every state be reached, does every move belong to somebody, is every guard known?
 */
#include "sanjeh/cycle/moves.h"
#include "test.h"

TEST(moves_reach_every_state_from_planned)
{
    bool is_reached[SJ_EVALUATION_STATE_COUNT_] = {[SJ_EVALUATION_PLANNED] = true};
    for (unsigned round = 0; round < SJ_EVALUATION_STATE_COUNT_; round++) {
        for (size_t i = 0; sj_move_at(i) != NULL; i++) {
            if (is_reached[sj_move_at(i)->from]) {
                is_reached[sj_move_at(i)->to] = true;
            }
        }
    }
    for (unsigned state = 0; state < SJ_EVALUATION_STATE_COUNT_; state++) {
        CHECK(is_reached[state]);
    }
}

TEST(moves_leave_every_state_but_archived)
{
    for (unsigned state = 0; state < SJ_EVALUATION_STATE_COUNT_; state++) {
        bool is_left = false;
        for (size_t i = 0; sj_move_at(i) != NULL; i++) {
            is_left = is_left || sj_move_at(i)->from == state;
        }
        CHECK(is_left == (state != SJ_EVALUATION_ARCHIVED));
    }
}

TEST(moves_have_an_actor_and_known_guards_and_are_unique)
{
    for (size_t i = 0; sj_move_at(i) != NULL; i++) {
        const struct sj_move *move = sj_move_at(i);
        CHECK(move->parts != 0 && move->parts < 1u << SJ_PART_COUNT);
        CHECK(move->from != move->to);
        CHECK(sj_move_find(move->from, move->to) == move);
        for (size_t g = 0; g < SJ_MOVE_GUARDS_MAX && move->guards[g] != NULL; g++) {
            CHECK(sj_guard_find(sj_text_of(move->guards[g])) != NULL);
        }
    }
}

TEST(moves_after_issue_cannot_be_suspended)
{
    static const enum sj_evaluation_state late[] = {SJ_EVALUATION_ISSUED,
        SJ_EVALUATION_ACKNOWLEDGED, SJ_EVALUATION_APPEALED, SJ_EVALUATION_FINAL};
    for (size_t i = 0; i < SJ_COUNT(late); i++) {
        CHECK(sj_move_find(late[i], SJ_EVALUATION_SUSPENDED) == NULL);
        CHECK(sj_move_find(SJ_EVALUATION_SUSPENDED, late[i]) == NULL);
    }
}

TEST(moves_no_road_leads_back_behind_the_marks_but_a_remand)
{
    for (size_t i = 0; sj_move_at(i) != NULL; i++) {
        const struct sj_move *move = sj_move_at(i);
        if (move->to == SJ_EVALUATION_RATING && move->from != SJ_EVALUATION_SUSPENDED) {
            CHECK(move->from == SJ_EVALUATION_FROZEN || move->from == SJ_EVALUATION_APPEALED);
        }
    }
}

TEST(moves_names_of_states_and_parts_read_back)
{
    for (unsigned i = 0; i < SJ_EVALUATION_STATE_COUNT_; i++) {
        enum sj_evaluation_state state;
        REQUIRE(sj_evaluation_state_find(
            sj_text_of(sj_evaluation_state_name((enum sj_evaluation_state)i)), &state));
        CHECK(state == i);
    }
    enum sj_evaluation_state state;
    CHECK(!sj_evaluation_state_find(SJ_TEXT("Planned"), &state));
    CHECK(!sj_evaluation_state_find(SJ_TEXT(""), &state));
    CHECK(sj_parts_parse(SJ_TEXT("owner,appeal_board")) == (SJ_PART_OWNER | SJ_PART_APPEAL_BOARD));
    CHECK(sj_parts_parse(SJ_TEXT("system")) == SJ_PART_SYSTEM);
    CHECK(sj_parts_parse(SJ_TEXT("nobody,,")) == 0);
    CHECK(sj_parts_parse(SJ_TEXT("")) == 0);
}
