/* SPDX-License-Identifier: MIT
 *
 * What stream and live tell alike.
 */
#ifndef CLI_SESSION_JSON_H
#define CLI_SESSION_JSON_H

#include "base/json.h"
#include "stream/session.h"

void session_json(struct json *json, const struct session_counts *counts);

#endif
