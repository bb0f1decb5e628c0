/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <math.h>

/* Bytes of the UTF-8 sequence that begins here; 0 = it is none: cut, overlong, a surrogate, too
 * high. */
static unsigned json_sequence(const unsigned char *at)
{
    static const struct {
        unsigned char first, last, low, high; /* of the first byte, of the second */
        unsigned length;
    } forms[] = {
        {0x01, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (*at < forms[i].first || *at > forms[i].last) {
            continue;
        }
        bool good = forms[i].length == 1 || (at[1] >= forms[i].low && at[1] <= forms[i].high);
        for (unsigned k = 2; good && k < forms[i].length; k++) {
            good = (at[k] & 0xC0) == 0x80;
        }
        return good ? forms[i].length : 0;
    }
    return 0;
}

void json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        unsigned length = json_sequence(at);
        bool control = *at < 0x20 || *at == 0x7F || (*at == 0xC2 && at[1] < 0xA0);
        if (!length) {
            fprintf(out, "\\\\x%02x", *at++);
        } else if (control) {
            fprintf(out, "\\u%04x", at[length - 1]);
            at += length;
        } else {
            fputs(*at == '"' || *at == '\\' ? "\\" : "", out);
            fwrite(at, 1, length, out);
            at += length;
        }
    }
    fputc('"', out);
}

/* What stands in front of a value: a comma, and its name unless it is an element. */
static void before(struct json *json, const char *name)
{
    uint32_t bit = 1u << json->depth;
    fputs(json->filled & bit ? ", " : "", json->out);
    json->filled |= bit;
    if (name) {
        json_string(json->out, name);
        fputs(": ", json->out);
    }
}

static void deeper(struct json *json, bool list)
{
    json->depth++;
    json->filled &= ~(1u << json->depth);
    json->list = list ? json->list | 1u << json->depth : json->list & ~(1u << json->depth);
    fputc(list ? '[' : '{', json->out);
}

struct json json_begin(FILE *out)
{
    struct json json = {.out = out};
    deeper(&json, false);
    json_number(&json, "schema", JSON_SCHEMA);
    return json;
}

void json_end(struct json *json)
{
    while (json->depth) {
        json_close(json);
    }
    fputc('\n', json->out);
}

void json_object(struct json *json, const char *name)
{
    before(json, name);
    fputs(!name && json->depth == 2 ? "\n  " : "", json->out); /* a long list has a line for each */
    deeper(json, false);
}

void json_list(struct json *json, const char *name)
{
    before(json, name);
    deeper(json, true);
}

void json_close(struct json *json)
{
    fputc(json->list >> json->depth & 1 ? ']' : '}', json->out);
    json->depth--;
}

void json_text(struct json *json, const char *name, const char *text)
{
    if (!text) {
        json_null(json, name);
        return;
    }
    before(json, name);
    json_string(json->out, text);
}

void json_number(struct json *json, const char *name, uint64_t number)
{
    before(json, name);
    fprintf(json->out, "%llu", (unsigned long long)number);
}

void json_real(struct json *json, const char *name, double number, int places)
{
    if (!isfinite(number)) {
        json_null(json, name);
        return;
    }
    before(json, name);
    fprintf(json->out, "%.*f", places, number);
}

void json_bool(struct json *json, const char *name, bool is)
{
    before(json, name);
    fputs(is ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *name)
{
    before(json, name);
    fputs("null", json->out);
}

void json_number_or_null(struct json *json, const char *name, uint64_t number, bool known)
{
    if (known) {
        json_number(json, name, number);
    } else {
        json_null(json, name);
    }
}

void json_hash(struct json *json, const char *name, uint64_t hash)
{
    before(json, name);
    fprintf(json->out, "\"%016llx\"", (unsigned long long)hash);
}

void json_bytes(struct json *json, const char *name, const uint8_t *bytes, uint32_t count)
{
    before(json, name);
    fputc('"', json->out);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(json->out, "%02x", bytes[i]);
    }
    fputc('"', json->out);
}
