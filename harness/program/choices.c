/* SPDX-License-Identifier: MIT */
#include "program/choices.h"

#include "ndis/tap.h"
#include "peer/peer.h"
#include "world/world.h"

#define LIST(name, rows, row)                                                                      \
    static const struct choice name##_rows[] = {rows(row)};                                        \
    const struct choice_list choices_##name = {name##_rows,                                        \
                                               sizeof(name##_rows) / sizeof(name##_rows[0])};

LIST(tcp_state, TCP_STATES, CHOICE_NUMBER)
LIST(tick_rate, TICK_RATES, CHOICE_NUMBER)
LIST(window, WINDOWS, CHOICE_NUMBER)
LIST(upload_policy, UPLOAD_POLICIES, CHOICE_NUMBER)
LIST(capacity, CAPACITIES, CHOICE_NUMBER)
LIST(uptime, UPTIMES, CHOICE_NUMBER)
LIST(ack_number, ACK_NUMBERS, CHOICE_NUMBER)
LIST(raw_kind, RAW_KINDS, CHOICE_WORDS)
LIST(failing, NDS_FAILING, CHOICE_WORDS)
LIST(fault, FAULTS, CHOICE_WORDS)
LIST(callback, CALLBACKS, CHOICE_NUMBER)
LIST(nested, NESTED_CALLS, CHOICE_NUMBER)
LIST(oid, OIDS, CHOICE_NUMBER)
LIST(time_unit, TIME_UNITS, CHOICE_NUMBER)
LIST(answer, HOST_ANSWERS, CHOICE_WORDS)
LIST(order, HOST_ORDERS, CHOICE_WORDS)
LIST(scope, HOST_SCOPES, CHOICE_WORDS)
LIST(query, HOST_QUERIES, CHOICE_WORDS)
LIST(update, HOST_UPDATES, CHOICE_WORDS)
LIST(variable, HOST_VARIABLES, CHOICE_WORDS)
LIST(peer_window, PEER_WINDOWS, CHOICE_WORDS)
LIST(peer_options, PEER_OPTIONS, CHOICE_WORDS)
LIST(peer_stamp, PEER_STAMPS, CHOICE_NUMBER)
LIST(peer_report, PEER_REPORTS, CHOICE_WORDS)
LIST(adapter, WORLD_STOPS, CHOICE_WORDS)
