/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "live/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t http_head_take(struct http_head *head, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (head->whole || head->wrong) {
            return i;
        }
        if (head->length == HTTP_HEAD_MAX) {
            head->wrong = true;
            return i;
        }
        head->text[head->length++] = (char)bytes[i];
        head->whole = head->length >= 4 && !memcmp(head->text + head->length - 4, "\r\n\r\n", 4);
    }
    return length;
}

unsigned http_status(const struct http_head *head, uint64_t *body)
{
    unsigned long status = 0;
    *body = 0;
    if (!strncmp(head->text, "HTTP/1.", 7) && head->length > 12) {
        status = strtoul(head->text + 9, NULL, 10);
    }
    const char *field = strcasestr(head->text, "\r\nContent-Length:");
    if (field) {
        *body = strtoull(field + strlen("\r\nContent-Length:"), NULL, 10);
    }
    return status < 1000 ? (unsigned)status : 0;
}

bool http_is_get(const struct http_head *head)
{
    return !strncmp(head->text, "GET /", 5);
}

uint32_t http_request(char *out, size_t room, const char *path, const char *host)
{
    return (uint32_t)snprintf(out, room,
                              "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: chimneysweep\r\n"
                              "Connection: close\r\n\r\n",
                              path, host);
}

uint32_t http_answer(char *out, size_t room, unsigned status, uint64_t body)
{
    return (uint32_t)snprintf(
        out, room,
        "HTTP/1.1 %u %s\r\nServer: chimneysweep\r\nContent-Type: application/octet-stream\r\n"
        "Content-Length: %llu\r\nConnection: close\r\n\r\n",
        status, status == 200 ? "OK" : "Not Here", (unsigned long long)body);
}
