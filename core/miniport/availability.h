/* SPDX-License-Identifier: MIT
 *
 * What the adapter tells the host about its capacity for connections: pause, resume, upload all;
 * and what it does when the card fails. All are called without a lock.
 */
#ifndef CHIM_MINIPORT_AVAILABILITY_H
#define CHIM_MINIPORT_AVAILABILITY_H

#include "miniport/adapter.h"

/* Connections came or went: tells the host to pause offloading when the table is full, and to
 * resume when a quarter is free again. */
void chim_availability_review(struct chim_adapter *ad);

/* What the offloaded state was accepted by has changed: the host takes everything back. Offloading
 * resumes when nothing is left. */
void chim_availability_upload_all(struct chim_adapter *ad);

/* NIC_HARDWARE_FAILED */
VOID NDIS_CALL chim_hardware_failed(PVOID context);

#endif
