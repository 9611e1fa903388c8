/* SPDX-License-Identifier: Apache-2.0
 *
 * What does each section of a printed report card say? In the order of DOMAIN 4.12: result, criteria one by one, the
 * narrative, the context, who evaluated, the judge's reply with its answers, holds on use, remedies. What is not known is
 * printed as a dash and never as a zero.
 */
#include "sheet.h"
#include <string.h>

#define WORD(fa, en) sheet_word(sheet, (fa), (en))

static const struct {
    const char *code;
    const char *fa;
    const char *en;
} codes[] = {
    {"quality", "کیفیت تصمیم", "Decision quality"},
    {"timeliness", "مدیریت پرونده و زمان", "Case management and timeliness"},
    {"conduct", "رفتار و انصاف", "Conduct and fairness"},
    {"development", "صلاحیت و بالندگی", "Competence and development"},
    {"chair", "رئیس هیئت", "Chair"},
    {"member", "عضو هیئت", "Member"},
    {"rapporteur", "گزارشگر", "Rapporteur"},
    {"calibrator", "عضو همسنجی", "Calibrator"},
    {"appeal_chair", "رئیس هیئت تجدیدنظر", "Chair of the appeal board"},
    {"appeal_member", "عضو هیئت تجدیدنظر", "Member of the appeal board"},
    {"reviewer", "بازبین آرا (نام محفوظ)", "Decision reviewer (not named)"},
    {"observer", "ناظر (نام محفوظ)", "Observer (not named)"},
    {"court_head", "رئیس دادگاه (اظهارنظر)", "Head of court (opinion)"},
    {"BELOW_MIN_N", "کمتر از حداقل موارد", "below the minimum number"},
    {"NO_DATA", "بدون داده", "no data"},
    {"NOT_MARKED", "نمره داده نشده", "not marked"},
    {"NO_CASE_TYPES", "نوع پرونده‌ها ثبت نشده",
        "types of cases are not recorded"},
    {"NO_CASE_WEIGHT", "وزن نوع پرونده تعیین نشده", "a type of case has no weight"},
    {"UNKNOWN_COUNT", "شمارش نامعلوم", "a count is not known"},
    {"SMALL_PEER_GROUP", "کمتر از ده همتا", "fewer than ten peers"},
    {"NO_SHARE", "هیچ معیاری سهم نمونه‌ای نیست",
        "no criterion is a share of a sample"},
    {"INSUFFICIENT", "شواهد ناکافی", "insufficient evidence"},
    {"cycle", "همه دوره", "the whole cycle"},
    {"supreme", "دیوان عالی", "supreme court"},
    {"first_instance", "دادگاه بدوی", "court of first instance"},
    {"criminal_one", "کیفری یک", "criminal court one"},
    {"revolutionary", "دادگاه انقلاب", "revolutionary court"},
    {"family", "دادگاه خانواده", "family court"},
    {"military", "دادگاه نظامی", "military court"},
    {"administrative", "دیوان عدالت اداری", "administrative court"},
    {"peace", "دادگاه صلح", "peace court"},
    {"prosecution", "دادسرا", "prosecution office"},
    {"other", "دادگاه دیگر", "another court"},
    {"D01", "شکایت واردِ قطعی", "Substantiated complaints, final only"},
    {"D02", "بالاترین درجه محکومیت انتظامی قطعی", "Highest final disciplinary penalty"},
    {"D03", "وضعیت صیانتی", "Integrity clearance"},
    {"D04", "اعلام دارایی و تعارض منافع", "Declarations of assets and interests"},
    {"final_judgment", "حکم قطعی", "final judgment"},
    {"remark", "ملاحظه با خلاصه ابلاغ‌شده",
        "remark, with the gist that was served"},
    {"referral", "ارجاع به مقام ماده ۴۴", "referred to an authority of article 44"},
    {"head_of_judiciary", "رئیس قوه قضاییه", "Head of the Judiciary"},
    {"head_of_supreme_court", "رئیس دیوان عالی کشور", "Head of the Supreme Court"},
    {"attorney_general", "دادستان کل کشور", "Attorney-General"},
    {"president_of_high_disciplinary_court", "رئیس شعبه دادگاه عالی انتظامی قضات",
        "President of a branch of the High Disciplinary Court"},
    {"disciplinary_prosecutor", "دادستان انتظامی قضات", "Judges' Disciplinary Prosecutor"},
    {"head_of_military_judiciary", "رئیس سازمان قضایی نیروهای مسلح",
        "Head of the military judiciary"},
    {"appeal", "تجدیدنظرخواهی", "Appeal"},
    {"statement", "بیانیه کوتاه قاضی", "Short statement of the judge"},
    {"acknowledge", "اعلام رؤیت (به معنای موافقت نیست)",
        "Acknowledgement (does not mean agreement)"},
    {"correction", "درخواست تصحیح", "Request for correction"},
    {"access_log", "مشاهده دفعات گشودن پرونده", "Who opened the file"},
};

const char *sheet_code(struct sheet *sheet, const struct sj_json_value *object, const char *name)
{
    struct sj_text text = {"", 0};
    if (!sheet_has(object, name) || !sj_json_as_text(sj_json_get(object, name), &text)) {
        return "—";
    }
    for (size_t i = 0; i < SJ_COUNT(codes); i++) {
        if (sj_text_is(text, codes[i].code)) {
            return WORD(codes[i].fa, codes[i].en);
        }
    }
    return text.ptr;
}

static bool sheet_is_text(
    const struct sj_json_value *object, const char *name, const char *expected)
{
    struct sj_text text;
    return sheet_has(object, name) && sj_json_as_text(sj_json_get(object, name), &text) &&
           sj_text_is(text, expected);
}

static const struct sj_json_value *part(const struct sheet *sheet, const char *name)
{
    return sheet_has(sheet->card, name) ? sj_json_get(sheet->card, name) : NULL;
}

/* "[lo, hi]" of an interval of two decimals. */
static const char *interval(struct sheet *sheet, const struct sj_json_value *object)
{
    const struct sj_json_value *value =
        sheet_has(object, "interval") ? sj_json_get(object, "interval") : NULL;
    if (value == NULL) {
        return "—";
    }
    return SHEET_SAY(sheet, "%s تا %s", "%s to %s", sheet_value(sheet, value, "low"),
        sheet_value(sheet, value, "high"));
}

static void total_interval(struct sheet *sheet, const struct sj_json_value *result)
{
    const char *text = interval(sheet, result);
    const struct sj_json_value *value =
        sheet_has(result, "interval") ? sj_json_get(result, "interval") : NULL;
    if (sheet_has(value, "weight")) {
        text = SHEET_SAY(sheet,
            "%s (از %s درصد وزن؛ نمره‌ها و شمارش‌ها بازه "
            "ندارند)",
            "%s (of %s percent of the weight; marks and counts have none)", text,
            sheet_value(sheet, value, "weight"));
    } else if (sheet_has(result, "interval_reason")) {
        text = sheet_code(sheet, result, "interval_reason");
    }
    flow_fact(&sheet->flow, WORD("بازه اطمینان", "Interval"), text);
}

/* "family court, grade band 2, province class 1" */
static const char *peer_group(struct sheet *sheet, const struct sj_json_value *peers)
{
    const char *text = sheet_has(peers, "group") && sheet_is_text(peers, "group", "appeal")
                           ? WORD("دادگاه تجدیدنظر", "court of appeal")
                           : sheet_code(sheet, peers, "group");
    if (sheet_has(peers, "grade_band")) {
        text = SHEET_SAY(sheet, "%s، گروه پایه %s", "%s, grade band %s", text,
            sheet_value(sheet, peers, "grade_band"));
    }
    if (sheet_has(peers, "province_class")) {
        text = SHEET_SAY(sheet, "%s، رده استان %s", "%s, province class %s", text,
            sheet_value(sheet, peers, "province_class"));
    }
    return text;
}

void sheet_result(struct sheet *sheet)
{
    struct flow *flow = &sheet->flow;
    const struct sj_json_value *result = part(sheet, "result");
    flow_heading(flow, WORD("نتیجه", "Result"));
    if (sheet_is(result, "sufficient")) {
        flow_paragraph(flow,
            SHEET_SAY(sheet, "امتیاز: %s از ۱۰۰ — رتبه: %s", "Score: %s of 100, band: %s",
                sheet_value(sheet, result, "score"),
                sheet_name(sheet, sj_json_get(result, "band"))),
            FLOW_BOLD);
        total_interval(sheet, result);
    } else {
        flow_notice(flow, WORD("شواهد ناکافی: امتیازی داده نشده و این به زیان قاضی شمرده "
                               "نمی‌شود.",
                              "Insufficient evidence: no score is given, and this does not count "
                              "against the judge."));
    }
    flow_fact(flow, WORD("پوشش شواهد (درصد وزن)", "Evidence coverage (percent of weight)"),
        sheet_value(sheet, result, "coverage"));
    flow_paragraph(flow,
        WORD("عدد تنها داوری نیست.", "A number alone is no judgement: read the narrative with it."),
        FLOW_PLAIN);
}

static void criterion(struct sheet *sheet, const struct sj_json_value *item)
{
    const char *value = sheet_value(sheet, item, "value");
    if (sheet_has(item, "n")) {
        value =
            SHEET_SAY(sheet, "%s\n(%s مورد)", "%s\n(n = %s)", value, sheet_value(sheet, item, "n"));
    }
    const char *standing = sheet_has(item, "reason") ? sheet_code(sheet, item, "reason") : "";
    const struct sj_json_value *peers =
        sheet_has(item, "peers") ? sj_json_get(item, "peers") : NULL;
    if (peers != NULL) {
        standing = SHEET_SAY(sheet, "همتایان (%s؛ %s): میانه %s، میانگین %s، انحراف میانه %s",
            "peers (%s; %s): median %s, mean %s, median deviation %s", peer_group(sheet, peers),
            sheet_value(sheet, peers, "n"), sheet_value(sheet, peers, "median"),
            sheet_value(sheet, peers, "mean"), sheet_value(sheet, peers, "mad"));
    }
    if (peers == NULL && standing[0] == '\0' &&
        sheet_is_text(item, "peers_reason", "SMALL_PEER_GROUP")) {
        standing = sheet_code(sheet, item, "peers_reason");
    }
    const char *const texts[] = {sheet_value(sheet, item, "no"),
        sheet_format(sheet, "%s\n%s", sheet_name(sheet, item), sheet_code(sheet, item, "family")),
        sheet_value(sheet, item, "weight"), value, interval(sheet, item),
        sheet_value(sheet, item, "sub_score"), sheet_value(sheet, item, "mark"), standing};
    flow_table_row(&sheet->flow, texts);
}

void sheet_criteria(struct sheet *sheet)
{
    static const double shares[] = {0.05, 0.25, 0.08, 0.13, 0.14, 0.09, 0.08, 0.18};
    const struct sj_json_value *items = part(sheet, "items");
    const struct sj_json_value *item = NULL;
    struct sj_text none;
    size_t iterator = 0;
    if (items == NULL || !sj_json_is_array(items)) {
        return;
    }
    const char *const head[] = {WORD("ش", "No"), WORD("معیار", "Criterion"), WORD("وزن", "Weight"),
        WORD("مقدار", "Value"), WORD("بازه", "Interval"), WORD("زیرامتیاز", "Sub-score"),
        WORD("نمره", "Mark"), WORD("همتایان یا علت نبود", "Peers, or why missing")};
    flow_heading(&sheet->flow, WORD("معیارها", "Criteria"));
    flow_table_begin(&sheet->flow, shares, head, SJ_COUNT(head));
    while (sj_json_next(items, &iterator, &none, &item)) {
        criterion(sheet, item);
    }
    flow_table_end(&sheet->flow);
}

void sheet_passage(
    struct sheet *sheet, const char *title, const struct sj_json_value *object, const char *name)
{
    if (sheet_has(object, name)) {
        flow_paragraph(&sheet->flow, title, FLOW_BOLD);
        flow_paragraph(&sheet->flow, sheet_value(sheet, object, name), FLOW_PLAIN);
    }
}

void sheet_narrative(struct sheet *sheet)
{
    const struct sj_json_value *narrative = part(sheet, "narrative");
    const struct sj_json_value *families =
        sheet_has(narrative, "families") ? sj_json_get(narrative, "families") : NULL;
    const struct sj_json_value *family = NULL;
    struct sj_text none;
    size_t iterator = 0;
    if (narrative == NULL) {
        return;
    }
    flow_heading(&sheet->flow, WORD("شرح", "Narrative"));
    sheet_passage(sheet, WORD("در مجموع", "Overall"), narrative, "overall");
    while (families != NULL && sj_json_next(families, &iterator, &none, &family)) {
        sheet_passage(sheet, sheet_code(sheet, family, "family"), family, "text");
    }
    sheet_passage(sheet, WORD("نظر اقلیت", "Minority opinion"), narrative, "minority");
}

void sheet_context(struct sheet *sheet)
{
    const struct sj_json_value *context = part(sheet, "context");
    struct flow *flow = &sheet->flow;
    flow_heading(flow, WORD("زمینه کار", "Working conditions"));
    flow_fact(flow, WORD("پرونده‌های رسیده", "Cases received"),
        sheet_value(sheet, context, "filed"));
    flow_fact(flow, WORD("پرونده‌های خاتمه‌یافته", "Cases resolved"),
        sheet_value(sheet, context, "resolved"));
    if (sheet_has(context, "weighted_caseload")) {
        flow_fact(flow, WORD("بار کار موزون", "Weighted caseload"),
            sheet_value(sheet, context, "weighted_caseload"));
    } else if (sheet_has(context, "weighted_caseload_reason")) {
        flow_fact(flow, WORD("بار کار موزون", "Weighted caseload"),
            SHEET_SAY(
                sheet, "— (%s)", "— (%s)", sheet_code(sheet, context, "weighted_caseload_reason")));
    }
    flow_fact(
        flow, WORD("روزهای مرخصی", "Days of leave"), sheet_value(sheet, context, "leave_days"));
    flow_fact(flow, WORD("تغییر محل خدمت در دوره", "Changes of posting in the period"),
        sheet_value(sheet, context, "postings"));
    sheet_courts(sheet, context);
    if (sheet_has(context, "note")) {
        flow_paragraph(flow, sheet_value(sheet, context, "note"), FLOW_PLAIN);
    }
}

void sheet_people(struct sheet *sheet)
{
    const struct sj_json_value *people = part(sheet, "evaluators");
    const struct sj_json_value *person = NULL;
    struct sj_text none;
    size_t iterator = 0;
    if (people == NULL) {
        return;
    }
    flow_heading(&sheet->flow, WORD("ارزیابان", "Evaluators"));
    while (sj_json_next(people, &iterator, &none, &person)) {
        flow_fact(&sheet->flow, sheet_code(sheet, person, "capacity"),
            sheet_value(sheet, person, "name"));
    }
}

static void points_of(struct sheet *sheet, const struct sj_json_value *reply)
{
    const struct sj_json_value *points =
        sheet_has(reply, "points") ? sj_json_get(reply, "points") : NULL;
    const struct sj_json_value *point = NULL;
    struct sj_text none;
    size_t iterator = 0;
    sheet_passage(sheet, WORD("سخن قاضی", "In his words"), reply, "text");
    while (points != NULL && sj_json_next(points, &iterator, &none, &point)) {
        sheet_passage(sheet,
            SHEET_SAY(sheet, "بند %s", "Point %s", sheet_value(sheet, point, "no")), point, "text");
        sheet_passage(sheet, WORD("جواب هیئت", "Answer of the board"), point, "answer");
    }
}

void sheet_reply(struct sheet *sheet)
{
    const struct sj_json_value *reply = part(sheet, "reply");
    const struct sj_json_value *earlier =
        sheet_has(reply, "earlier") ? sj_json_get(reply, "earlier") : NULL;
    const struct sj_json_value *former = NULL;
    struct sj_text none;
    size_t iterator = 0;
    flow_heading(&sheet->flow, WORD("پاسخ قاضی", "Reply of the judge"));
    if (reply == NULL) {
        flow_paragraph(
            &sheet->flow, WORD("پاسخی در مهلت نرسیده است.", "No reply came in time."), FLOW_PLAIN);
    }
    points_of(sheet, reply);
    while (earlier != NULL && sj_json_next(earlier, &iterator, &none, &former)) {
        flow_fact(&sheet->flow, WORD("پاسخ پیشین", "An earlier reply"),
            sheet_day(sheet, former, "submitted_day"));
        points_of(sheet, former);
    }
    sheet_passage(sheet, WORD("بیانیه قاضی", "Statement of the judge"), sheet->card, "statement");
}

void sheet_use(struct sheet *sheet)
{
    const struct sj_json_value *gates = part(sheet, "gates");
    const struct sj_json_value *gate = NULL;
    struct sj_text none;
    size_t iterator = 0;
    bool is_any = false;
    flow_heading(&sheet->flow, WORD("منع بهره‌برداری", "Holds on use"));
    while (gates != NULL && sj_json_next(gates, &iterator, &none, &gate)) {
        if (sheet_is(gate, "hold")) {
            flow_fact(
                &sheet->flow, sheet_code(sheet, gate, "gate"), sheet_code(sheet, gate, "reason"));
            if (sheet_has(gate, "authority")) {
                flow_fact(
                    &sheet->flow, WORD("مقام", "Authority"), sheet_code(sheet, gate, "authority"));
            }
            if (sheet_has(gate, "expires_on")) {
                flow_fact(&sheet->flow, WORD("تا", "Until"), sheet_day(sheet, gate, "expires_on"));
            }
            sheet_passage(sheet, WORD("خلاصه قابل ابلاغ", "Gist that was served"), gate, "gist");
            is_any = true;
        }
    }
    flow_paragraph(&sheet->flow,
        is_any ? WORD("امتیاز کم نمی‌شود.", "None of these lowers the score.")
               : WORD("موردی نیست.", "None."),
        FLOW_PLAIN);
}

void sheet_remedies(struct sheet *sheet)
{
    const struct sj_json_value *remedies = part(sheet, "remedies");
    const struct sj_json_value *remedy = NULL;
    struct sj_text none;
    size_t iterator = 0;
    if (remedies == NULL) {
        return;
    }
    flow_heading(&sheet->flow, WORD("حقوق و مهلت‌ها", "Remedies and their time"));
    while (sj_json_next(remedies, &iterator, &none, &remedy)) {
        flow_fact(&sheet->flow, sheet_code(sheet, remedy, "code"),
            sheet_has(remedy, "until") ? SHEET_SAY(sheet, "تا پایان %s", "until the end of %s",
                                             sheet_day(sheet, remedy, "until"))
                                       : WORD("بدون مهلت", "at any time"));
    }
}
