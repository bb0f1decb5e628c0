/* SPDX-License-Identifier: MIT
 *
 * Base vocabulary of the NDIS interface: integer types of the LLP64 model, call convention, layout
 * macros, status codes, object headers.
 *
 * ULONG is 32 bits on every system. Structures follow the x64 Windows layout; those with bit-fields
 * carry NDIS_MS_STRUCT, and every size and offset that matters is held by NDIS_ASSERT_*.
 */
#ifndef NDIS_TYPES_H
#define NDIS_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* Changes with every change of these headers that a driver has to be compiled again for. Each
 * object says which it was compiled with, and the rig refuses the others. */
#define CHIMNEYSWEEP_ABI 1u
#ifdef __ELF__
static const struct {
    uint32_t OwnerBytes, Bytes, Type;
    char Owner[16];
    uint32_t Abi;
} ChimneysweepAbi __attribute__((used, aligned(4), section(".note.chimneysweep"))) = {
    13, 4, 1, "Chimneysweep", CHIMNEYSWEEP_ABI};
#endif

/* Call convention of every function that crosses the boundary. Empty by default; a build that wants
 * the Microsoft x64 convention defines it as __attribute__((ms_abi)) for rig and driver alike. */
#ifndef NDIS_CALL
#define NDIS_CALL
#endif

/* Empty annotations that keep direction, ownership and call level in the signature. */
#define NDIS_IN
#define NDIS_OUT
#define NDIS_INOUT
#define NDIS_OPT
#define NDIS_PASSIVE           /* caller is at PASSIVE_LEVEL                    */
#define NDIS_LEVEL_TO_DISPATCH /* caller is at PASSIVE_LEVEL or DISPATCH_LEVEL  */
#define NDIS_DISPATCH          /* caller is at DISPATCH_LEVEL                   */

#if defined(_MSC_VER)
#define NDIS_MS_STRUCT
#else
#define NDIS_MS_STRUCT __attribute__((ms_struct))
#endif

#ifdef __cplusplus
#define NDIS_STATIC_ASSERT(condition, text) static_assert(condition, text)
#define NDIS_ALIGNED(bytes) alignas(bytes)
#else
#define NDIS_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#define NDIS_ALIGNED(bytes) _Alignas(bytes)
#endif
#define NDIS_ASSERT_SIZE(type, bytes) NDIS_STATIC_ASSERT(sizeof(type) == (bytes), #type " size")
#define NDIS_ASSERT_OFFSET(type, member, bytes)                                                    \
    NDIS_STATIC_ASSERT(offsetof(type, member) == (bytes), #type "." #member " offset")

#ifdef __cplusplus
extern "C" {
#endif

typedef void VOID;
typedef void *PVOID;
typedef char CHAR;
typedef uint8_t UCHAR, *PUCHAR;
typedef uint8_t BOOLEAN, *PBOOLEAN;
typedef int16_t SHORT;
typedef uint16_t USHORT, *PUSHORT;
typedef uint16_t WCHAR;
typedef int32_t LONG, *PLONG;
typedef uint32_t ULONG, *PULONG;
typedef uint32_t UINT, *PUINT;
typedef int64_t LONG64;
typedef uint64_t ULONG64, *PULONG64;
typedef uint64_t SIZE_T;
typedef uint64_t ULONG_PTR;
typedef UCHAR KIRQL, *PKIRQL;

#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONG64 QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef LARGE_INTEGER NDIS_PHYSICAL_ADDRESS;

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    WCHAR *Buffer;
} UNICODE_STRING, *PUNICODE_STRING, NDIS_STRING, *PNDIS_STRING;

typedef struct _GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID;

typedef struct _DRIVER_OBJECT DRIVER_OBJECT, *PDRIVER_OBJECT;

typedef PVOID NDIS_HANDLE, *PNDIS_HANDLE;
typedef int32_t NDIS_STATUS, *PNDIS_STATUS;
typedef ULONG NDIS_PORT_NUMBER;
typedef ULONG NDIS_OID, *PNDIS_OID;

#define NDIS_DEFAULT_PORT_NUMBER ((NDIS_PORT_NUMBER)0)

/* Interrupt request levels that the interface names. */
#define PASSIVE_LEVEL ((KIRQL)0)
#define DISPATCH_LEVEL ((KIRQL)2)

#define MEMORY_ALLOCATION_ALIGNMENT 16

/* First member of every versioned NDIS structure. In a block list Type carries an
 * OFFLOAD_STATE_TYPE and Size the size of the block list structure alone. */
typedef struct _NDIS_OBJECT_HEADER {
    UCHAR Type;
    UCHAR Revision;
    USHORT Size;
} NDIS_OBJECT_HEADER, *PNDIS_OBJECT_HEADER;
NDIS_ASSERT_SIZE(NDIS_OBJECT_HEADER, 4);

#define NDIS_OBJECT_TYPE_DEFAULT 0x80
#define NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS 0x8A
#define NDIS_OBJECT_TYPE_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS 0x8E
#define NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS 0x8F
#define NDIS_OBJECT_TYPE_CLIENT_CHIMNEY_OFFLOAD_CHARACTERISTICS 0x93
#define NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_CHARACTERISTICS 0x94
#define NDIS_OBJECT_TYPE_OID_REQUEST 0x96
#define NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS 0x97
#define NDIS_OBJECT_TYPE_STATUS_INDICATION 0x98
#define NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES 0x9E
#define NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES 0x9F
#define NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES 0xA0

/* Status codes. Values as published; see the comments where a name has more than one spelling. */
#define NDIS_STATUS_SUCCESS ((NDIS_STATUS)0x00000000)
#define NDIS_STATUS_PENDING ((NDIS_STATUS)0x00000103)
#define NDIS_STATUS_NOT_ACCEPTED ((NDIS_STATUS)0x00010003)
#define NDIS_STATUS_OFFLOAD_PAUSE ((NDIS_STATUS)0x40020001)
#define NDIS_STATUS_UPLOAD_ALL ((NDIS_STATUS)0x40020002)
#define NDIS_STATUS_OFFLOAD_RESUME ((NDIS_STATUS)0x40020003)
#define NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS ((NDIS_STATUS)0x40020004)
#define NDIS_STATUS_OFFLOAD_STATE_INVALID ((NDIS_STATUS)0x40020005)
#define NDIS_STATUS_TASK_OFFLOAD_CURRENT_CONFIG ((NDIS_STATUS)0x40020006)
#define NDIS_STATUS_TASK_OFFLOAD_HARDWARE_CAPABILITIES ((NDIS_STATUS)0x40020007)
#define NDIS_STATUS_OFFLOAD_ENCASPULATION_CHANGE ((NDIS_STATUS)0x40020008) /* sic */
#define NDIS_STATUS_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES ((NDIS_STATUS)0x4002000B)
#define NDIS_STATUS_FAILURE ((NDIS_STATUS)0xC0000001)
#define NDIS_STATUS_INVALID_PARAMETER ((NDIS_STATUS)0xC000000D)
#define NDIS_STATUS_RESOURCES ((NDIS_STATUS)0xC000009A)
#define NDIS_STATUS_NOT_SUPPORTED ((NDIS_STATUS)0xC00000BB)
#define NDIS_STATUS_INVALID_STATE ((NDIS_STATUS)0xC0000184)
#define NDIS_STATUS_CLOSING ((NDIS_STATUS)0xC0010002)
#define NDIS_STATUS_BAD_VERSION ((NDIS_STATUS)0xC0010004)
#define NDIS_STATUS_BAD_CHARACTERISTICS ((NDIS_STATUS)0xC0010005)
#define NDIS_STATUS_REQUEST_ABORTED ((NDIS_STATUS)0xC001000C)
#define NDIS_STATUS_RESET_IN_PROGRESS ((NDIS_STATUS)0xC001000D)
#define NDIS_STATUS_INVALID_LENGTH ((NDIS_STATUS)0xC0010014)
#define NDIS_STATUS_SEND_ABORTED ((NDIS_STATUS)0xC023000C)
#define NDIS_STATUS_PAUSED ((NDIS_STATUS)0xC023002A)
#define NDIS_STATUS_LOW_POWER_STATE ((NDIS_STATUS)0xC023002F)
#define NDIS_STATUS_UPLOAD_IN_PROGRESS ((NDIS_STATUS)0xC0231001)
#define NDIS_STATUS_REQUEST_UPLOAD ((NDIS_STATUS)0xC0231002)
#define NDIS_STATUS_UPLOAD_REQUESTED ((NDIS_STATUS)0xC0231003)
#define NDIS_STATUS_OFFLOAD_TCP_ENTRIES ((NDIS_STATUS)0xC0231004)
#define NDIS_STATUS_OFFLOAD_PATH_ENTRIES ((NDIS_STATUS)0xC0231005)
#define NDIS_STATUS_OFFLOAD_NEIGHBOR_ENTRIES ((NDIS_STATUS)0xC0231006)
#define NDIS_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES ((NDIS_STATUS)0xC0231007)
#define NDIS_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES ((NDIS_STATUS)0xC0231008)
#define NDIS_STATUS_OFFLOAD_VLAN_ENTRIES ((NDIS_STATUS)0xC0231009)
#define NDIS_STATUS_OFFLOAD_TCP_XMIT_BUFFER ((NDIS_STATUS)0xC023100A)
#define NDIS_STATUS_OFFLOAD_TCP_RCV_BUFFER ((NDIS_STATUS)0xC023100B)
#define NDIS_STATUS_OFFLOAD_TCP_RCV_WINDOW ((NDIS_STATUS)0xC023100C)
#define NDIS_STATUS_OFFLOAD_VLAN_MISMATCH ((NDIS_STATUS)0xC023100D)
#define NDIS_STATUS_OFFLOAD_DATA_NOT_ACCEPTED ((NDIS_STATUS)0xC023100E)
#define NDIS_STATUS_OFFLOAD_POLICY ((NDIS_STATUS)0xC023100F)
#define NDIS_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED ((NDIS_STATUS)0xC0231010)
#define NDIS_STATUS_OFFLOAD_REQUEST_RESET ((NDIS_STATUS)0xC0231011)
#define NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED ((NDIS_STATUS)0xC0231012)
#define STATUS_NDIS_OFFLOAD_PATH_REJECTED ((NDIS_STATUS)0xC0231013)

#ifdef __cplusplus
}
#endif

#endif
