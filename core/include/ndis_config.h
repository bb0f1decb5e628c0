/* SPDX-License-Identifier: MIT
 *
 * The configuration of an adapter: keywords and values that an administrator sets. Source: the
 * pages of NdisOpenConfigurationEx, NdisReadConfiguration and NdisCloseConfiguration.
 */
#ifndef NDIS_CONFIG_H
#define NDIS_CONFIG_H

#include "ndis_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT 0xA9
#define NDIS_CONFIGURATION_OBJECT_REVISION_1 1

typedef struct _NDIS_CONFIGURATION_OBJECT {
    NDIS_OBJECT_HEADER Header;
    NDIS_HANDLE NdisHandle; /* the handle given to MiniportInitializeEx */
    ULONG Flags;            /* 0 */
} NDIS_CONFIGURATION_OBJECT, *PNDIS_CONFIGURATION_OBJECT;

typedef enum _NDIS_PARAMETER_TYPE {
    NdisParameterInteger,
    NdisParameterHexInteger,
    NdisParameterString,
    NdisParameterMultiString,
    NdisParameterBinary
} NDIS_PARAMETER_TYPE;

typedef struct _BINARY_DATA {
    USHORT Length;
    PVOID Buffer;
} BINARY_DATA;

typedef struct _NDIS_CONFIGURATION_PARAMETER {
    NDIS_PARAMETER_TYPE ParameterType;
    union {
        ULONG IntegerData;
        NDIS_STRING StringData;
        NDIS_STRING MultiStringData;
        BINARY_DATA BinaryData;
    } ParameterData;
} NDIS_CONFIGURATION_PARAMETER, *PNDIS_CONFIGURATION_PARAMETER;

NDIS_ASSERT_SIZE(NDIS_CONFIGURATION_OBJECT, 24);
NDIS_ASSERT_SIZE(NDIS_CONFIGURATION_PARAMETER, 24);

/* Opens the configuration of an adapter. From MiniportInitializeEx. SUCCESS, RESOURCES or FAILURE;
 * *ConfigurationHandle is valid after SUCCESS only and must be closed. PASSIVE_LEVEL. */
NDIS_PASSIVE NDIS_STATUS NDIS_CALL NdisOpenConfigurationEx(
    NDIS_IN PNDIS_CONFIGURATION_OBJECT ConfigObject, NDIS_OUT PNDIS_HANDLE ConfigurationHandle);

/* Reads the value of a keyword. SUCCESS: *ParameterValue belongs to NDIS and is valid until the
 * configuration is closed. FAILURE: there is no such keyword. RESOURCES. PASSIVE_LEVEL. */
NDIS_PASSIVE VOID NDIS_CALL NdisReadConfiguration(
    NDIS_OUT PNDIS_STATUS Status, NDIS_OUT PNDIS_CONFIGURATION_PARAMETER *ParameterValue,
    NDIS_IN NDIS_HANDLE ConfigurationHandle, NDIS_IN PNDIS_STRING Keyword,
    NDIS_IN NDIS_PARAMETER_TYPE ParameterType);

/* Closes a configuration. */
NDIS_PASSIVE VOID NDIS_CALL NdisCloseConfiguration(NDIS_IN NDIS_HANDLE ConfigurationHandle);

#ifdef __cplusplus
}
#endif

#endif
