/* SPDX-License-Identifier: MIT
 *
 * What is advertised is true.
 */
#include "oracle/adapter/attributes.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/report/report.h"

#include <string.h>

#define CONNECTIONS_LEAST 1024u
#define ETHERNET_BYTES 14u
#define ADDRESS_BYTES 6u

static void untrue(struct oracle *o, const char *expected, const char *actual)
{
    orc_fail(o, ORC_NONE, ORC_REG_CAP_1, expected, actual);
}

static void take_oids(struct oracle *o, const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *general)
{
    struct orc_attributes *x = o->attributes;
    uint32_t bytes = general->SupportedOidListLength;
    if (!general->SupportedOidList || !bytes || bytes % sizeof(NDIS_OID)) {
        untrue(o, "SupportedOidList of a whole number of OIDs, in bytes",
               orc_text(o, "%s, %u bytes", general->SupportedOidList ? "a list" : "none", bytes));
        return;
    }
    x->oids = bytes / sizeof(NDIS_OID) < ORC_OIDS_MAX ? bytes / sizeof(NDIS_OID) : ORC_OIDS_MAX;
    memcpy(x->oid, general->SupportedOidList, x->oids * sizeof(NDIS_OID));
}

static void judge_general(struct oracle *o, const struct tap_attributes *set)
{
    const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *general = &set->attributes->GeneralAttributes;
    memcpy(o->adapter->mac, general->CurrentMacAddress, ADDRESS_BYTES);
    o->adapter->mac_known = true;
    o->adapter->link_mtu = general->MtuSize;
    orc_ran(o, ORC_REG_CAP_1);
    if (general->MtuSize > set->max_frame - ETHERNET_BYTES || !general->MtuSize) {
        untrue(o,
               orc_text(o, "MtuSize of what the card carries behind a header of Ethernet, %u bytes",
                        set->max_frame - ETHERNET_BYTES),
               orc_text(o, "%u", general->MtuSize));
    } else if (general->MacAddressLength != ADDRESS_BYTES ||
               memcmp(general->PermanentMacAddress, set->mac, ADDRESS_BYTES) != 0) {
        untrue(o, orc_text(o, "PermanentMacAddress %s of the card", orc_bytes(o, set->mac, 6)),
               orc_text(o, "%s, of %u bytes", orc_bytes(o, general->PermanentMacAddress, 6),
                        general->MacAddressLength));
    }
    take_oids(o, general);
}

/* What is on by default is among what the hardware can do. */
static void judge_default(struct oracle *o, const NDIS_TCP_CONNECTION_OFFLOAD *can,
                          const NDIS_TCP_CONNECTION_OFFLOAD *is)
{
    bool more = is->TcpConnectionOffloadCapacity > can->TcpConnectionOffloadCapacity ||
                (is->Encapsulation & ~can->Encapsulation) ||
                (is->SupportIPv4 && !can->SupportIPv4) || (is->SupportIPv6 && !can->SupportIPv6) ||
                (is->SupportSack && !can->SupportSack);
    if (more) {
        untrue(o, "a default configuration within the hardware capabilities",
               orc_text(o, "capacity %u of %u, encapsulation 0x%x of 0x%x",
                        is->TcpConnectionOffloadCapacity, can->TcpConnectionOffloadCapacity,
                        is->Encapsulation, can->Encapsulation));
    }
}

static void judge_offload(struct oracle *o, const NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES *set)
{
    const NDIS_TCP_CONNECTION_OFFLOAD *offload = set->TcpConnectionOffloadHardwareCapabilities;
    if (!offload) {
        untrue(o, "TCP connection offload capabilities", "none");
        return;
    }
    orc_ran(o, ORC_REG_CAP_1);
    uint32_t usable = NDIS_ENCAPSULATION_IEEE_802_3 | NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED;
    o->adapter->capacity = offload->TcpConnectionOffloadCapacity;
    o->adapter->sack = offload->SupportSack == NDIS_OFFLOAD_SUPPORTED;
    o->adapter->ipv6 = offload->SupportIPv6 == NDIS_OFFLOAD_SUPPORTED;
    orc_ran(o, ORC_REG_CAP_2);
    if (o->adapter->capacity < CONNECTIONS_LEAST && !o->adapter->configured) {
        orc_fail(o, ORC_NONE, ORC_REG_CAP_2, "room for 1024 connections at least",
                 orc_text(o, "%u", o->adapter->capacity));
    }
    if (!(offload->Encapsulation & usable) || (!offload->SupportIPv4 && !offload->SupportIPv6)) {
        untrue(o, "an encapsulation, and IPv4 or IPv6",
               orc_text(o, "encapsulation 0x%x, IPv4 %u, IPv6 %u", offload->Encapsulation,
                        offload->SupportIPv4, offload->SupportIPv6));
    } else if (set->DefaultTcpConnectionOffloadConfiguration) {
        judge_default(o, offload, set->DefaultTcpConnectionOffloadConfiguration);
    }
}

void orc_attributes_set(struct oracle *o, const struct tap_event *ev)
{
    const struct tap_attributes *set = ev->ptr;
    if (!set || ev->status != NDIS_STATUS_SUCCESS) {
        return;
    }
    switch (ev->data.optional.type) {
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES:
        o->attributes->registration = true;
        break;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES:
        o->attributes->general = true;
        judge_general(o, set);
        break;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES:
        o->attributes->offload = true;
        judge_offload(o, &set->attributes->OffloadAttributes);
        break;
    default:
        break;
    }
}

void orc_attributes_initialized(struct oracle *o)
{
    struct orc_attributes *x = o->attributes;
    orc_ran(o, ORC_REG_CAP_1);
    if (!x->registration || !x->general || !x->offload) {
        untrue(o, "registration, general and offload attributes set at initialise",
               orc_text(o, "no %s attributes",
                        !x->registration ? "registration"
                        : !x->general    ? "general"
                                         : "offload"));
    }
    x->registration = x->general = x->offload = false;
}

static bool listed(const struct orc_attributes *x, uint32_t oid)
{
    for (uint32_t i = 0; i < x->oids; i++) {
        if (x->oid[i] == oid) {
            return true;
        }
    }
    return false;
}

void orc_attributes_succeeded(struct oracle *o, uint32_t oid)
{
    if (!listed(o->attributes, oid)) {
        orc_warn(o, ORC_NONE, ORC_REG_CAP_1,
                 orc_text(o, "OID 0x%08x, which succeeds, in SupportedOidList", oid), "not there");
    }
}
