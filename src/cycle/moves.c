/* SPDX-License-Identifier: Apache-2.0
 *
 * Which moves does an evaluation have, whose are they and what do they need? One table (DOMAIN b) and nothing else: no
 * state, no database. If a row were wrong the database's own copy (migration 0015) would still refuse the move.
 */
#include "sanjeh/cycle/moves.h"

static const char *const state_names[SJ_EVALUATION_STATE_COUNT_] = {
    [SJ_EVALUATION_PLANNED] = "planned",
    [SJ_EVALUATION_NOTIFIED] = "notified",
    [SJ_EVALUATION_COLLECTING] = "collecting",
    [SJ_EVALUATION_FROZEN] = "frozen",
    [SJ_EVALUATION_INSUFFICIENT] = "insufficient",
    [SJ_EVALUATION_RATING] = "rating",
    [SJ_EVALUATION_DRAFTED] = "drafted",
    [SJ_EVALUATION_CALIBRATED] = "calibrated",
    [SJ_EVALUATION_DISCLOSED] = "disclosed",
    [SJ_EVALUATION_REPLIED] = "replied",
    [SJ_EVALUATION_REPLY_LAPSED] = "reply_lapsed",
    [SJ_EVALUATION_DECIDED] = "decided",
    [SJ_EVALUATION_GATED] = "gated",
    [SJ_EVALUATION_ISSUED] = "issued",
    [SJ_EVALUATION_ACKNOWLEDGED] = "acknowledged",
    [SJ_EVALUATION_APPEALED] = "appealed",
    [SJ_EVALUATION_VARIED] = "varied",
    [SJ_EVALUATION_FINAL] = "final",
    [SJ_EVALUATION_SUPERSEDED] = "superseded",
    [SJ_EVALUATION_ARCHIVED] = "archived",
    [SJ_EVALUATION_SUSPENDED] = "suspended",
};

const char *sj_evaluation_state_name(enum sj_evaluation_state state)
{
    SJ_ASSERT(state < SJ_EVALUATION_STATE_COUNT_);
    return state_names[state];
}

bool sj_evaluation_state_find(struct sj_text name, enum sj_evaluation_state *ret_state)
{
    for (unsigned i = 0; i < SJ_EVALUATION_STATE_COUNT_; i++) {
        if (sj_text_is(name, state_names[i])) {
            *ret_state = (enum sj_evaluation_state)i;
            return true;
        }
    }
    return false;
}

static const char *const part_names[SJ_PART_COUNT] = {
    "owner", "issuer", "judge", "lead", "board", "calibrator", "appeal_board", "system"};

const char *sj_part_name(unsigned bit)
{
    SJ_ASSERT(bit < SJ_PART_COUNT);
    return part_names[bit];
}

unsigned sj_parts_parse(struct sj_text names)
{
    unsigned parts = 0;
    struct sj_text first;
    while (sj_text_split(&names, ',', &first)) {
        for (unsigned i = 0; i < SJ_PART_COUNT; i++) {
            parts |= sj_text_is(first, part_names[i]) ? 1u << i : 0u;
        }
    }
    return parts;
}

static const struct sj_guard guards[] = {
    {"CYCLE_ANNOUNCED", "the cycle is announced and not over"},
    {"BOARD_NAMED", "a board with at least three seats is named"},
    {"CHALLENGE_PASSED", "the time to challenge evaluators has run"},
    {"NO_CHALLENGE_OPEN", "every challenge is decided"},
    {"SELF_ASSESSMENT_DONE", "the self-assessment is in, or its time has run"},
    {"CONTEST_PASSED", "the time to contest the data has run"},
    {"BATCHES_ACCEPTED", "every contribution of the cycle is accepted"},
    {"NO_DATA_ISSUE", "no data issue of the judge is open"},
    {"COMPUTED", "the indicators are computed"},
    {"COVERAGE_ENOUGH", "the data cover at least the cycle's minimum"},
    {"COVERAGE_SHORT", "the data cover less than the cycle's minimum"},
    {"COI_DECLARED", "every seat has declared to be free of interest"},
    {"NO_CONFLICT_OPEN", "no conflict of a seat is open"},
    {"BOARD_FULL", "at least three people sit on the board"},
    {"BOARD_OF_JUDGES", "most of the board are judges"},
    {"ALL_RATED", "every seat has submitted every mark of this round"},
    {"DRAFT_FINAL", "the draft of this round is final"},
    {"CALIBRATION_CLOSED", "a calibration is closed, or the reason says that nothing changes"},
    {"DISCLOSURE_MADE", "the file is served to the judge as the draft stands now"},
    {"REPLY_SUBMITTED", "the reply to the file as it was served last is submitted"},
    {"REPLY_PASSED", "the time to reply has run"},
    {"POINTS_ANSWERED", "every point of the reply has a written answer"},
    {"VERDICT_MADE", "the verdict of this round is written"},
    {"GATES_ASKED", "every gate that a card of this cycle needs is asked"},
    {"NO_GATE_ASKED", "every gate that was asked has answered"},
    {"CARD_MADE", "the report card of this round is signed"},
    {"CARD_SUPERSEDED", "a report card that supersedes the former one is signed"},
    {"APPEAL_FILED", "the appeal of this round is filed"},
    {"APPEAL_IN_TIME", "the time to appeal still runs"},
    {"APPEAL_PASSED", "the time to appeal has run"},
    {"APPEAL_KEPT", "the appeal is decided: upheld or rejected"},
    {"APPEAL_VARIED", "the appeal is decided: varied"},
    {"APPEAL_REMANDED", "the appeal is decided: remanded"},
    {"APPEAL_DISJOINT", "nobody on the appeal board had a part in the file before"},
    {"CORRECTION_ORDERED", "a correction is ordered"},
    {"REASON_GIVEN", "a reason is given"},
};

const struct sj_guard *sj_guard_find(struct sj_text code)
{
    for (size_t i = 0; i < SJ_COUNT(guards); i++) {
        if (sj_text_is(code, guards[i].code)) {
            return &guards[i];
        }
    }
    return NULL;
}

size_t sj_guard_count(void)
{
    return SJ_COUNT(guards);
}

#define OWNER      SJ_PART_OWNER
#define ISSUER     SJ_PART_ISSUER
#define JUDGE      SJ_PART_JUDGE
#define LEAD       SJ_PART_LEAD
#define BOARD      SJ_PART_BOARD
#define CALIBRATOR SJ_PART_CALIBRATOR
#define APPEAL     SJ_PART_APPEAL_BOARD
#define SYSTEM     SJ_PART_SYSTEM
#define LIST(...)                                                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define NONE                                                                                       \
    {                                                                                              \
        NULL                                                                                       \
    }
#define MOVE(from, to, parts, guards, starts, ends)                                                \
    {                                                                                              \
        SJ_EVALUATION_##from, SJ_EVALUATION_##to, (parts), guards, starts, ends                    \
    }
/* Clocks stop and run on by themselves. */
#define PAUSE(state)                                                                               \
    MOVE(state, SUSPENDED, OWNER, LIST("REASON_GIVEN"), NONE, NONE),                               \
        MOVE(SUSPENDED, state, OWNER, LIST("REASON_GIVEN"), NONE, NONE)

static const struct sj_move moves[] = {
    MOVE(PLANNED, NOTIFIED, OWNER, LIST("CYCLE_ANNOUNCED", "BOARD_NAMED"),
        LIST("challenge", "self_assessment", "contest"), NONE),
    MOVE(NOTIFIED, COLLECTING, OWNER | SYSTEM, LIST("CHALLENGE_PASSED", "NO_CHALLENGE_OPEN"), NONE,
        LIST("challenge")),
    MOVE(COLLECTING, FROZEN, OWNER,
        LIST("CYCLE_ANNOUNCED", "SELF_ASSESSMENT_DONE", "CONTEST_PASSED", "BATCHES_ACCEPTED",
            "NO_DATA_ISSUE", "COMPUTED", "COVERAGE_ENOUGH"),
        NONE, LIST("self_assessment", "contest")),
    MOVE(COLLECTING, INSUFFICIENT, OWNER | SYSTEM,
        LIST("SELF_ASSESSMENT_DONE", "CONTEST_PASSED", "COMPUTED", "COVERAGE_SHORT"),
        LIST("retention"), LIST("self_assessment", "contest")),
    MOVE(FROZEN, RATING, LEAD | BOARD,
        LIST("COI_DECLARED", "NO_CONFLICT_OPEN", "BOARD_FULL", "BOARD_OF_JUDGES"), LIST("draft"),
        NONE),
    MOVE(RATING, DRAFTED, LEAD, LIST("ALL_RATED", "DRAFT_FINAL"), NONE, LIST("draft")),
    MOVE(DRAFTED, CALIBRATED, CALIBRATOR, LIST("CALIBRATION_CLOSED"), NONE, NONE),
    MOVE(DRAFTED, DISCLOSED, ISSUER, LIST("DISCLOSURE_MADE"), LIST("reply"), NONE),
    MOVE(CALIBRATED, DISCLOSED, ISSUER, LIST("DISCLOSURE_MADE"), LIST("reply"), NONE),
    MOVE(DISCLOSED, REPLIED, JUDGE, LIST("REPLY_SUBMITTED"), NONE, LIST("reply")),
    MOVE(DISCLOSED, REPLY_LAPSED, SYSTEM, LIST("REPLY_PASSED"), NONE, LIST("reply")),
    MOVE(REPLIED, DRAFTED, LEAD, LIST("REASON_GIVEN"), NONE, NONE),
    MOVE(REPLIED, DECIDED, LEAD, LIST("POINTS_ANSWERED", "VERDICT_MADE"), NONE, NONE),
    MOVE(REPLY_LAPSED, DECIDED, LEAD, LIST("POINTS_ANSWERED", "VERDICT_MADE"), NONE, NONE),
    MOVE(DECIDED, GATED, ISSUER | SYSTEM, LIST("GATES_ASKED", "NO_GATE_ASKED"), NONE, NONE),
    MOVE(GATED, ISSUED, ISSUER, LIST("CARD_MADE"), LIST("appeal"), NONE),
    MOVE(ISSUED, ACKNOWLEDGED, JUDGE, NONE, NONE, NONE),
    MOVE(ISSUED, APPEALED, JUDGE, LIST("APPEAL_FILED", "APPEAL_IN_TIME"), LIST("appeal_decision"),
        LIST("appeal")),
    MOVE(ACKNOWLEDGED, APPEALED, JUDGE, LIST("APPEAL_FILED", "APPEAL_IN_TIME"),
        LIST("appeal_decision"), LIST("appeal")),
    MOVE(ISSUED, FINAL, SYSTEM, LIST("APPEAL_PASSED"), LIST("retention"), LIST("appeal")),
    MOVE(ACKNOWLEDGED, FINAL, SYSTEM, LIST("APPEAL_PASSED"), LIST("retention"), LIST("appeal")),
    MOVE(APPEALED, FINAL, APPEAL, LIST("APPEAL_KEPT", "APPEAL_DISJOINT"), LIST("retention"),
        LIST("appeal_decision")),
    MOVE(APPEALED, VARIED, APPEAL, LIST("APPEAL_VARIED", "APPEAL_DISJOINT"), NONE,
        LIST("appeal_decision")),
    MOVE(APPEALED, RATING, APPEAL, LIST("APPEAL_REMANDED", "APPEAL_DISJOINT"), LIST("draft"),
        LIST("appeal_decision")),
    MOVE(VARIED, FINAL, ISSUER, LIST("CARD_SUPERSEDED"), LIST("retention"), NONE),
    MOVE(FINAL, SUPERSEDED, ISSUER, LIST("CORRECTION_ORDERED"), NONE, NONE),
    MOVE(FINAL, ARCHIVED, OWNER | SYSTEM, NONE, NONE, LIST("retention")),
    MOVE(SUPERSEDED, ARCHIVED, OWNER | SYSTEM, NONE, NONE, LIST("retention")),
    MOVE(INSUFFICIENT, ARCHIVED, OWNER | SYSTEM, NONE, NONE, LIST("retention")),
    PAUSE(PLANNED),
    PAUSE(NOTIFIED),
    PAUSE(COLLECTING),
    PAUSE(FROZEN),
    PAUSE(RATING),
    PAUSE(DRAFTED),
    PAUSE(CALIBRATED),
    PAUSE(DISCLOSED),
    PAUSE(REPLIED),
    PAUSE(REPLY_LAPSED),
    PAUSE(DECIDED),
    PAUSE(GATED),
};

const struct sj_move *sj_move_find(enum sj_evaluation_state from, enum sj_evaluation_state to)
{
    for (size_t i = 0; i < SJ_COUNT(moves); i++) {
        if (moves[i].from == from && moves[i].to == to) {
            return &moves[i];
        }
    }
    return NULL;
}

const struct sj_move *sj_move_at(size_t number)
{
    return number < SJ_COUNT(moves) ? &moves[number] : NULL;
}
