/* SPDX-License-Identifier: MIT
 *
 * All JSON of the rig is written here. A document, or a line of JSON Lines, is an object whose
 * first member is the number of the form in which it is written (cli/README.md).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* One more when a member goes away or means something else; new members change nothing. */
#define JSON_SCHEMA 1

struct json {
    FILE *out;
    uint32_t depth;
    uint32_t list, filled; /* bits by depth: a list, not an object; something stands in it */
};

/* A document begins, and ends with its line. */
struct json json_begin(FILE *out);
void json_end(struct json *json);

/* Members, and in a list elements, whose name is NULL. */
void json_object(struct json *json, const char *name);
void json_list(struct json *json, const char *name);
void json_close(struct json *json);                                    /* the innermost of them */
void json_text(struct json *json, const char *name, const char *text); /* NULL: null */
void json_number(struct json *json, const char *name, uint64_t number);
void json_real(struct json *json, const char *name, double number, int places);
void json_bool(struct json *json, const char *name, bool is);
void json_null(struct json *json, const char *name);
void json_number_or_null(struct json *json, const char *name, uint64_t number, bool known);
void json_hash(struct json *json, const char *name, uint64_t hash); /* 16 hexadecimal digits */
void json_bytes(struct json *json, const char *name, const uint8_t *bytes, uint32_t count);

/* A string with its quotes, valid whatever the bytes are: what is no UTF-8 stands there as \xNN, as
 * on a terminal. */
void json_string(FILE *out, const char *text);

#endif
