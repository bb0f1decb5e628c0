/* SPDX-License-Identifier: MIT */
#include "miniport/configure.h"

#include <string.h>

static const WCHAR upload_policy[] = u"OffloadUploadPolicy";
static const WCHAR capacity[] = u"OffloadCapacity";

static uint32_t read(NDIS_HANDLE configuration, const WCHAR *name, size_t bytes, uint32_t otherwise)
{
    NDIS_STATUS status;
    PNDIS_CONFIGURATION_PARAMETER value;
    NDIS_STRING keyword = {(USHORT)(bytes - sizeof(WCHAR)), (USHORT)bytes,
                           (WCHAR *)(ULONG_PTR)name};
    NdisReadConfiguration(&status, &value, configuration, &keyword, NdisParameterInteger);
    return status == NDIS_STATUS_SUCCESS ? value->ParameterData.IntegerData : otherwise;
}

void chim_configure(struct chim_adapter *ad)
{
    NDIS_CONFIGURATION_OBJECT object;
    NDIS_HANDLE configuration;
    memset(&object, 0, sizeof(object));
    object.Header.Type = NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT;
    object.Header.Revision = NDIS_CONFIGURATION_OBJECT_REVISION_1;
    object.Header.Size = sizeof(object);
    object.NdisHandle = ad->handle;
    ad->upload_policy = 0;
    ad->capacity = CHIM_CONNECTIONS_MAX;
    if (NdisOpenConfigurationEx(&object, &configuration) != NDIS_STATUS_SUCCESS) {
        return;
    }
    ad->upload_policy = read(configuration, upload_policy, sizeof(upload_policy), 0);
    uint32_t wanted = read(configuration, capacity, sizeof(capacity), CHIM_CONNECTIONS_MAX);
    if (wanted != 0 && wanted < CHIM_CONNECTIONS_MAX) {
        ad->capacity = wanted;
    }
    NdisCloseConfiguration(configuration);
}
