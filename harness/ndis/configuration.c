/* SPDX-License-Identifier: MIT
 *
 * The adapter's configuration: keywords and numbers that the world was given.
 */
#include "ndis/internal.h"

static bool configuration_same(const NDIS_STRING *given, const char *keyword)
{
    size_t length = strlen(keyword);
    if (!given || given->Length != 2 * length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (given->Buffer[i] != (WCHAR)keyword[i]) {
            return false;
        }
    }
    return true;
}

NDIS_STATUS NDIS_CALL NdisOpenConfigurationEx(PNDIS_CONFIGURATION_OBJECT ConfigObject,
                                              PNDIS_HANDLE ConfigurationHandle)
{
    NDS_RETURNS_TO();
    nds_require_level(FAMILY_MISCELLANEOUS, PASSIVE_LEVEL);
    *ConfigurationHandle = NULL;
    if (!nds_handle_ok(ConfigObject->NdisHandle)) {
        nds_misuse(MISUSE_HANDLE, TAP_NONE, TAP_ALLOC);
    }
    if (!nds_header_ok(STRUCTURE_CONFIGURATION, &ConfigObject->Header, TAP_ALLOC)) {
        return NDIS_STATUS_FAILURE;
    }
    struct nds_object *object = nds_take_memory(OBJECT_CONFIGURATION, RESOURCE_CONFIGURATION,
                                                sizeof(NDIS_CONFIGURATION_PARAMETER), 0);
    if (!object) {
        return NDIS_STATUS_RESOURCES;
    }
    *ConfigurationHandle = object->address;
    return NDIS_STATUS_SUCCESS;
}

VOID NDIS_CALL NdisReadConfiguration(PNDIS_STATUS Status,
                                     PNDIS_CONFIGURATION_PARAMETER *ParameterValue,
                                     NDIS_HANDLE ConfigurationHandle, PNDIS_STRING Keyword,
                                     NDIS_PARAMETER_TYPE ParameterType)
{
    NDS_RETURNS_TO();
    nds_require_level(FAMILY_MISCELLANEOUS, PASSIVE_LEVEL);
    struct nds_object *object = object_find(ConfigurationHandle, OBJECT_CONFIGURATION);
    *Status = NDIS_STATUS_FAILURE;
    *ParameterValue = NULL;
    if (!object) {
        nds_misuse(MISUSE_BAD_POINTER, TAP_NONE, TAP_ALLOC);
        return;
    }
    bool number = ParameterType == NdisParameterInteger || ParameterType == NdisParameterHexInteger;
    for (uint32_t i = 0; i < nds.limits.settings && number; i++) {
        if (configuration_same(Keyword, nds.limits.setting[i].keyword)) {
            if (nds_may_fail(FAILING_SETTING, 0)) {
                *Status = NDIS_STATUS_RESOURCES;
                nds_fault_blink();
                return;
            }
            /* One place for all answers: the next read overwrites it. */
            *ParameterValue = object->address;
            **ParameterValue = (NDIS_CONFIGURATION_PARAMETER){.ParameterType = ParameterType,
                                                              .ParameterData.IntegerData =
                                                                  nds.limits.setting[i].value};
            *Status = NDIS_STATUS_SUCCESS;
            tap_emit((struct tap_event){.kind = TAP_POINT,
                                        .fn = TAP_SETTING,
                                        .conn = TAP_NONE,
                                        .object = TAP_NONE,
                                        .data.setting.value = nds.limits.setting[i].value});
            return;
        }
    }
}

VOID NDIS_CALL NdisCloseConfiguration(NDIS_HANDLE ConfigurationHandle)
{
    nds_require_level(FAMILY_MISCELLANEOUS, PASSIVE_LEVEL);
    struct nds_object *object = object_find(ConfigurationHandle, OBJECT_CONFIGURATION);
    if (!object) {
        nds_misuse(MISUSE_DOUBLE_FREE, TAP_NONE, RESOURCE_CONFIGURATION);
        return;
    }
    nds_give_memory(object, RESOURCE_CONFIGURATION);
}
