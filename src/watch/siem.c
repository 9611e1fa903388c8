/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an entry read to somebody else's monitoring? OCSF 1.3.0 (schema.ocsf.io), CEF 0 (ArcSight implementation standard 26),
 * RFC 5424. Entries are printable ASCII, but escapes take any bytes: what is escaped wrongly is how lines are forged.
 */
#include "sanjeh/watch/siem.h"

#include "sanjeh/json/write.h"

#define FACILITY_AUDIT 13u

/* ---- what an entry is ---- */

static const char *const outcomes[] = {"denied", "permitted", "failed"};

static const char *outcome_of(const struct sj_draft *draft)
{
    return (size_t)draft->outcome < SJ_COUNT(outcomes) ? outcomes[draft->outcome] : "failed";
}

static bool verb_is(const struct sj_draft *draft, const char *const *verbs, size_t count)
{
    const char *colon = strchr(draft->action, ':');
    for (size_t i = 0; colon != NULL && i < count; i++) {
        if (strcmp(colon + 1, verbs[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* API Activity: 1 create, 2 read, 3 update, 4 delete, 99 other. */
static int api_activity(const struct sj_draft *draft)
{
    static const char *const create[] = {"create", "draw", "request", "open"};
    static const char *const read[] = {"read", "list", "export", "explain", "evaluate", "search"};
    static const char *const update[] = {
        "update", "move", "change", "decide", "sign", "activate", "acknowledge", "replace"};
    static const char *const remove[] = {"delete", "remove", "end", "revoke", "withdraw"};
    return verb_is(draft, create, SJ_COUNT(create))   ? 1
           : verb_is(draft, read, SJ_COUNT(read))     ? 2
           : verb_is(draft, update, SJ_COUNT(update)) ? 3
           : verb_is(draft, remove, SJ_COUNT(remove)) ? 4
                                                      : 99;
}

struct ocsf_class {
    int class_uid;
    int activity;
};

static struct ocsf_class class_of(const struct sj_draft *draft)
{
    if (draft->kind == SJ_ENTRY_SIGN_IN) {
        return (struct ocsf_class){3002, 1};
    }
    if (draft->kind == SJ_ENTRY_ALARM) {
        return (struct ocsf_class){2004, 1};
    }
    if (strcmp(draft->action, "account:create") == 0) {
        return (struct ocsf_class){3001, 1};
    }
    if (strcmp(draft->action, "account:delete") == 0) {
        return (struct ocsf_class){3001, 6};
    }
    return (struct ocsf_class){6003, api_activity(draft)};
}

/* OCSF: 1 informational, 3 medium, 4 high. */
static int severity_of(const struct sj_draft *draft)
{
    if (draft->kind == SJ_ENTRY_ALARM) {
        return 4;
    }
    return draft->outcome == SJ_OUTCOME_PERMITTED ? 1 : 3;
}

static sj_status put_base64(const struct sj_hash *hash, struct sj_buf *out)
{
    return sj_buf_put_base64(out, sj_view_of(hash->bytes, SJ_HASH_SIZE));
}

/* ---- OCSF ---- */

static void write_metadata(
    struct sj_json *json, const struct sj_siem_source *source, const struct sj_entry *entry)
{
    char uid[32];
    (void)snprintf(uid, sizeof uid, "%llu", (unsigned long long)entry->index);
    sj_json_object(json, "metadata");
    sj_json_str(json, "version", "1.3.0");
    sj_json_object(json, "product");
    sj_json_str(json, "name", "Sanjeh");
    sj_json_str(json, "vendor_name", "Sanjeh");
    sj_json_str(json, "version", source->version);
    sj_json_object_end(json);
    sj_json_str(json, "log_name", source->origin);
    sj_json_str(json, "uid", uid);
    sj_json_int(json, "sequence", (int64_t)entry->index);
    sj_json_id(json, "correlation_uid", entry->draft.request_id);
    sj_json_object_end(json);
}

static void write_user(struct sj_json *json, const char *name, struct sj_uuid account)
{
    sj_json_object(json, name);
    if (sj_uuid_is_nil(account)) {
        sj_json_str(json, "name", "nobody");
        sj_json_int(json, "type_id", 0);
    } else {
        sj_json_id(json, "uid", account);
        sj_json_int(json, "type_id", 1);
    }
    sj_json_object_end(json);
}

static void write_finding(struct sj_json *json, const struct sj_draft *draft)
{
    sj_json_object(json, "finding_info");
    sj_json_str(json, "title", draft->action);
    sj_json_id(json, "uid", draft->object);
    sj_json_str(json, "desc", draft->detail);
    sj_json_object_end(json);
}

static void write_api(struct sj_json *json, const struct sj_draft *draft)
{
    sj_json_object(json, "actor");
    write_user(json, "user", draft->actor);
    sj_json_object_end(json);
    sj_json_object(json, "api");
    sj_json_str(json, "operation", draft->action);
    sj_json_object_end(json);
    sj_json_object(json, "src_endpoint"); /* entries hold no address */
    sj_json_str(json, "name", "not recorded");
    sj_json_object_end(json);
    if (draft->object_type[0] != '\0') {
        sj_json_array(json, "resources");
        sj_json_object(json, NULL);
        sj_json_str(json, "type", draft->object_type);
        sj_json_id_or_null(json, "uid", draft->object);
        sj_json_object_end(json);
        sj_json_array_end(json);
    }
}

static void write_ours(struct sj_json *json, const struct sj_entry *entry, struct sj_text leaf)
{
    const struct sj_draft *draft = &entry->draft;
    sj_json_object(json, "unmapped");
    sj_json_int(json, "index", (int64_t)entry->index);
    sj_json_text(json, "leaf", leaf);
    sj_json_int(json, "kind", (int64_t)draft->kind);
    sj_json_str(json, "action", draft->action);
    sj_json_str(json, "outcome", outcome_of(draft));
    sj_json_str(json, "object_type", draft->object_type);
    sj_json_id_or_null(json, "object", draft->object);
    sj_json_id_or_null(json, "unit_tag", draft->tenant_tag);
    sj_json_int(json, "unit_sequence", (int64_t)entry->tenant_seq);
    sj_json_id(json, "emitter", draft->emitter);
    sj_json_int(json, "emitter_sequence", (int64_t)draft->emitter_seq);
    sj_json_int(json, "policy_version", draft->policy_version);
    sj_json_str(json, "detail", draft->detail);
    sj_json_object_end(json);
}

static void write_class(struct sj_json *json, const struct sj_draft *draft)
{
    const struct ocsf_class class = class_of(draft);
    char status[8];
    (void)snprintf(status, sizeof status, "%u", draft->http_status);
    sj_json_int(json, "category_uid", class.class_uid / 1000);
    sj_json_int(json, "class_uid", class.class_uid);
    sj_json_int(json, "activity_id", class.activity);
    sj_json_int(json, "type_uid", (int64_t) class.class_uid * 100 + class.activity);
    sj_json_int(json, "severity_id", severity_of(draft));
    sj_json_int(json, "status_id",
        class.class_uid == 2004                  ? 1 /* new */
        : draft->outcome == SJ_OUTCOME_PERMITTED ? 1
                                                 : 2);
    sj_json_str(json, "status_code", status);
    if (class.class_uid == 2004) {
        write_finding(json, draft);
    } else if (class.class_uid == 6003) {
        write_api(json, draft);
    } else {
        write_user(json, "user", class.class_uid == 3001 ? draft->object : draft->actor);
    }
    if (class.class_uid == 3002) {
        sj_json_bool(json, "is_mfa", strstr(draft->detail, "factor=totp") != NULL);
        sj_json_object(json, "service");
        sj_json_str(json, "name", "Sanjeh");
        sj_json_object_end(json);
    }
}

sj_status sj_siem_ocsf(const struct sj_siem_source *source, const struct sj_entry *entry,
    const struct sj_hash *leaf, struct sj_buf *out)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(64);
    TRY(put_base64(leaf, &text));
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    sj_json_int(&json, "time", entry->time / 1000);
    write_class(&json, &entry->draft);
    write_metadata(&json, source, entry);
    write_ours(&json, entry, sj_buf_text(&text));
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- CEF ---- */

static sj_status put_escaped(
    struct sj_text text, const char *escaped, bool ends_lines, struct sj_buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (c == '\n' || c == '\r') {
            TRY(ends_lines ? sj_buf_put_str(out, c == '\n' ? "\\n" : "\\r")
                           : sj_buf_put_byte(out, ' '));
            continue;
        }
        if (c != '\0' && strchr(escaped, c) != NULL) {
            TRY(sj_buf_put_byte(out, '\\'));
        }
        TRY(sj_buf_put_byte(out, c == '\0' ? ' ' : (uint8_t)c));
    }
    return SJ_DONE;
}

/* A header has no line ends at all: they become blanks. */
sj_status sj_siem_cef_header(struct sj_text text, struct sj_buf *out)
{
    return put_escaped(text, "\\|", false, out);
}

sj_status sj_siem_cef_value(struct sj_text text, struct sj_buf *out)
{
    return put_escaped(text, "\\=", true, out);
}

static sj_status put_pair(const char *name, const char *value, struct sj_buf *out)
{
    if (value[0] == '\0') {
        return SJ_DONE;
    }
    TRY(sj_buf_put_byte(out, ' '));
    TRY(sj_buf_put_str(out, name));
    TRY(sj_buf_put_byte(out, '='));
    return sj_siem_cef_value(sj_text_of(value), out);
}

static sj_status put_labelled(
    const char *name, const char *label, const char *value, struct sj_buf *out)
{
    char name_of_label[32];
    if (value[0] == '\0') {
        return SJ_DONE;
    }
    (void)snprintf(name_of_label, sizeof name_of_label, "%sLabel", name);
    TRY(put_pair(name_of_label, label, out));
    return put_pair(name, value, out);
}

static const char *id_or_empty(struct sj_uuid id, char text[SJ_UUID_TEXT_SIZE])
{
    text[0] = '\0';
    if (!sj_uuid_is_nil(id)) {
        sj_uuid_format(id, text);
    }
    return text;
}

static sj_status put_extension(
    const struct sj_entry *entry, const struct sj_hash *leaf, struct sj_buf *out)
{
    const struct sj_draft *draft = &entry->draft;
    char id[SJ_UUID_TEXT_SIZE];
    char number[32];
    const char *text = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf base64 = SJ_BUF(64);
    TRY(put_base64(leaf, &base64));
    TRY(sj_buf_cstr(&base64, &text));
    (void)snprintf(number, sizeof number, "%lld", (long long)(entry->time / 1000));
    TRY(sj_buf_put_str(out, "rt="));
    TRY(sj_buf_put_str(out, number));
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)entry->index);
    TRY(put_pair("externalId", number, out));
    TRY(put_pair("act", draft->action, out));
    TRY(put_pair("outcome", outcome_of(draft), out));
    TRY(put_pair("suid", id_or_empty(draft->actor, id), out));
    TRY(put_labelled("cs1", "objectType", draft->object_type, out));
    TRY(put_labelled("cs2", "object", id_or_empty(draft->object, id), out));
    TRY(put_labelled("cs3", "leaf", text, out));
    TRY(put_labelled("cs4", "requestId", id_or_empty(draft->request_id, id), out));
    TRY(put_labelled("cs5", "unitTag", id_or_empty(draft->tenant_tag, id), out));
    TRY(put_labelled("cs6", "emitter", id_or_empty(draft->emitter, id), out));
    (void)snprintf(number, sizeof number, "%u", draft->http_status);
    TRY(put_labelled("cn1", "httpStatus", number, out));
    (void)snprintf(number, sizeof number, "%u", draft->policy_version);
    TRY(put_labelled("cn2", "policyVersion", number, out));
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)draft->emitter_seq);
    TRY(put_labelled("cn3", "emitterSequence", number, out));
    return put_pair("msg", draft->detail, out);
}

sj_status sj_siem_cef(const struct sj_siem_source *source, const struct sj_entry *entry,
    const struct sj_hash *leaf, struct sj_buf *out)
{
    static const char *const severities[] = {"0", "3", "4", "6", "9"};
    const struct sj_draft *draft = &entry->draft;
    TRY(sj_buf_put_str(out, "CEF:0|Sanjeh|sanjehd|"));
    TRY(sj_siem_cef_header(sj_text_of(source->version), out));
    TRY(sj_buf_put_byte(out, '|'));
    TRY(sj_siem_cef_header(sj_text_of(draft->action), out));
    TRY(sj_buf_put_byte(out, '|'));
    TRY(sj_siem_cef_header(sj_text_of(draft->action), out));
    TRY(sj_buf_put_byte(out, ' '));
    TRY(sj_siem_cef_header(sj_text_of(outcome_of(draft)), out));
    TRY(sj_buf_put_byte(out, '|'));
    TRY(sj_buf_put_str(out, severities[severity_of(draft)]));
    TRY(sj_buf_put_byte(out, '|'));
    return put_extension(entry, leaf, out);
}

/* ---- RFC 5424, RFC 5425 ---- */

/* 6.3.3: '"', '\' and ']' are escaped, and nothing else. */
sj_status sj_siem_param_value(struct sj_text text, struct sj_buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\' || text.ptr[i] == ']') {
            TRY(sj_buf_put_byte(out, '\\'));
        }
        TRY(sj_buf_put_byte(out, (uint8_t)text.ptr[i]));
    }
    return SJ_DONE;
}

static sj_status put_param(const char *name, const char *value, struct sj_buf *out)
{
    if (value[0] == '\0') {
        return SJ_DONE;
    }
    TRY(sj_buf_put_byte(out, ' '));
    TRY(sj_buf_put_str(out, name));
    TRY(sj_buf_put_str(out, "=\""));
    TRY(sj_siem_param_value(sj_text_of(value), out));
    return sj_buf_put_byte(out, '"');
}

/* 6.2.1: 1 alert, 4 warning, 6 informational. */
static unsigned syslog_severity(const struct sj_draft *draft)
{
    return draft->kind == SJ_ENTRY_ALARM ? 1 : draft->outcome == SJ_OUTCOME_PERMITTED ? 6 : 4;
}

static sj_status put_header(
    const struct sj_siem_source *source, const struct sj_entry *entry, struct sj_buf *out)
{
    char time[SJ_TIME_TEXT_SIZE];
    char head[512];
    sj_time_format(entry->time, time);
    const int len = snprintf(head, sizeof head, "<%u>1 %s %.255s sanjehd - %.32s ",
        FACILITY_AUDIT * 8 + syslog_severity(&entry->draft), time,
        source->hostname[0] == '\0' ? "-" : source->hostname,
        entry->draft.action[0] == '\0' ? "-" : entry->draft.action);
    ENSURE(len > 0 && (size_t)len < sizeof head, LIMIT_EXCEEDED);
    return sj_buf_put(out, head, (size_t)len);
}

static sj_status put_data(const struct sj_siem_source *source, const struct sj_entry *entry,
    const struct sj_hash *leaf, struct sj_buf *out)
{
    const struct sj_draft *draft = &entry->draft;
    char number[32];
    char id[SJ_UUID_TEXT_SIZE];
    const char *text = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf base64 = SJ_BUF(64);
    TRY(put_base64(leaf, &base64));
    TRY(sj_buf_cstr(&base64, &text));
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)entry->index);
    TRY(sj_buf_put_str(out, "[sanjeh@32473"));
    TRY(put_param("log", source->origin, out));
    TRY(put_param("index", number, out));
    TRY(put_param("leaf", text, out));
    TRY(put_param("outcome", outcome_of(draft), out));
    TRY(put_param("actor", id_or_empty(draft->actor, id), out));
    TRY(put_param("objectType", draft->object_type, out));
    TRY(put_param("object", id_or_empty(draft->object, id), out));
    TRY(put_param("request", id_or_empty(draft->request_id, id), out));
    return sj_buf_put_str(out, "] ");
}

sj_status sj_siem_syslog(const struct sj_siem_source *source, enum sj_siem_format format,
    const struct sj_entry *entry, const struct sj_hash *leaf, struct sj_buf *out)
{
    TRY(put_header(source, entry, out));
    TRY(put_data(source, entry, leaf, out));
    if (format == SJ_SIEM_OCSF) {
        return sj_siem_ocsf(source, entry, leaf, out);
    }
    return format == SJ_SIEM_CEF ? sj_siem_cef(source, entry, leaf, out)
                                 : sj_buf_put_str(out, entry->draft.detail);
}

sj_status sj_siem_frame(const struct sj_siem_source *source, enum sj_siem_format format,
    const struct sj_entry *entry, const struct sj_hash *leaf, struct sj_buf *out)
{
    CLEANUP(sj_buf_clear) struct sj_buf message = SJ_BUF(SJ_SIEM_LINE_MAX);
    TRY(sj_siem_syslog(source, format, entry, leaf, &message));
    TRY(sj_buf_put_decimal(out, (int64_t)message.len));
    TRY(sj_buf_put_byte(out, ' '));
    return sj_buf_put_view(out, sj_buf_view(&message));
}
