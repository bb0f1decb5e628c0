/* SPDX-License-Identifier: MIT */
#include "cli/session_json.h"

void session_json(struct json *json, const struct session_counts *counts)
{
    json_number(json, "segments", counts->segments);
    json_number(json, "uploads", counts->uploads);
    json_number(json, "asked", counts->asked);
    json_number(json, "forwarded", counts->forwarded);
    json_number(json, "refused", counts->refused);
    json_number(json, "buffered", counts->buffered);
    json_number(json, "resent", counts->resent);
}
