/* SPDX-License-Identifier: MIT
 *
 * What the administrator may set (keywords of the adapter's configuration, all numbers):
 *
 *   OffloadUploadPolicy   bit 1 << reason allows that optional upload reason; 0 = none (default)
 *   OffloadCapacity       connections that are taken at once; default and most 1,048,576
 */
#ifndef CHIM_MINIPORT_CONFIGURE_H
#define CHIM_MINIPORT_CONFIGURE_H

#include "miniport/adapter.h"

/* Fills ad->upload_policy and ad->capacity. Without a configuration the defaults hold. At
 * PASSIVE_LEVEL. */
void chim_configure(struct chim_adapter *ad);

#endif
