/* SPDX-License-Identifier: MIT
 *
 * As much of HTTP/1.1 as one file needs, either way.
 */
#ifndef LIVE_HTTP_H
#define LIVE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX 8192u

/* The head of a message as it comes in, byte by byte. */
struct http_head {
    char text[HTTP_HEAD_MAX + 1];
    uint32_t length;
    bool whole; /* the empty line has come */
    bool wrong; /* too long, or none */
};

/* Takes bytes until the head is whole; returns how many were of it. */
uint32_t http_head_take(struct http_head *head, const uint8_t *bytes, uint32_t length);
/* Status of an answer, 0 = it is none; *body = its Content-Length. */
unsigned http_status(const struct http_head *head, uint64_t *body);
/* True: it asks for something by GET. */
bool http_is_get(const struct http_head *head);
/* Text into room bytes; its length. */
uint32_t http_request(char *out, size_t room, const char *path, const char *host);
uint32_t http_answer(char *out, size_t room, unsigned status, uint64_t body);

#endif
