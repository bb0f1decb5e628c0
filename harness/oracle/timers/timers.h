/* SPDX-License-Identifier: MIT
 *
 * What every timer of the sending half stands on: the parameters that it runs by, what the shadow
 * sender knows, the clock of the retransmission timer, and how to report. A timer is asked when its
 * frame goes out (sent), at every rest while something is due of it, and when its state is shown.
 * None judges by more than time and the wire: which resource a target uses for it is its business.
 */
#ifndef ORACLE_TIMERS_TIMERS_H
#define ORACLE_TIMERS_TIMERS_H

#include "oracle/ledger/parameters.h"
#include "oracle/ledger/sends.h"
#include "oracle/ledger/stream.h"
#include "oracle/report/report.h"
#include "oracle/sender/flight.h"
#include "oracle/sender/rto_clock.h"
#include "oracle/sender/sender.h"

#endif
