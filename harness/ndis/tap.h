/* SPDX-License-Identifier: MIT
 *
 * The tap: every crossing of the boundary between rig and driver becomes one typed event. The
 * oracle, the trace, the coverage feedback and the exporters read this one stream and nothing else.
 *
 * A call is a pair ENTER .. LEAVE; whatever happens in between lies between them in the stream, so
 * the stream is properly nested (per cpu). A POINT stands for itself. Events are emitted *before*
 * ownership changes hands physically: when a NET_BUFFER_LIST is completed its memory can still be
 * read by the reader of the event, and is poisoned afterwards.
 */
#ifndef NDIS_TAP_H
#define NDIS_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/trace.h"
#include "ndischimney.h"

enum tap_kind { TAP_ENTER, TAP_LEAVE, TAP_POINT };

#define TAP_NONE UINT32_MAX

/* What happened. What an event says of it stands in union tap_words; here is what else it carries.
 */
enum tap_fn {
    /* ---- the rig calls the driver (ENTER/LEAVE) ---- */
    TAP_DRIVER_ENTRY, /* LEAVE: status */
    TAP_SET_OPTIONS,  /* LEAVE: status */
    TAP_INITIALIZE,   /* LEAVE: status */
    TAP_RESTART,      /* LEAVE: status */
    TAP_PAUSE,        /* LEAVE: status */
    TAP_RESET,        /* LEAVE: status */
    TAP_HALT,
    TAP_UNLOAD,
    TAP_PNP,
    TAP_OID,         /* object = request id, ptr = buffer; LEAVE: status, and if that is SUCCESS the
                        bytes read or written and the buffer (else 0, NULL, and the bytes needed) */
    TAP_HOST_SEND,   /* MiniportSendNetBufferLists; TAP_NBL points inside */
    TAP_HOST_CANCEL, /* MiniportCancelSend */
    TAP_HOST_RETURN, /* MiniportReturnNetBufferLists; TAP_NBL points inside */
    TAP_INITIATE,    /* state operations: object = operation id, ptr = root block; one TAP_BLOCK (an
                        initiate has TAP_NBL points after them: ROLE_INIT_SEND in posting order,
                        then ROLE_BUFFERED; a terminate completion: handed-back sends, buffered) */
    TAP_QUERY,       /*   point per node, in walking order (node, dependents, next), right after  */
    TAP_UPDATE, /*   the ENTER and again inside the matching completion                       */
    TAP_INVALIDATE,
    TAP_TERMINATE,
    TAP_POST, /* MiniportTcpOffloadReceive: conn; TAP_NBL per request; LEAVE: status returned */
    TAP_SEND, /* conn; TAP_NBL per list; LEAVE: status */
    TAP_DISCONNECT,  /* conn; TAP_NBL; LEAVE: status */
    TAP_FORWARD,     /* conn; TAP_NBL per segment; LEAVE: status */
    TAP_RETURN,      /* MiniportTcpOffloadReceiveReturn: TAP_NBL per list; LEAVE: status */
    TAP_TIMER_RUN,   /* object = timer id */
    TAP_WORK_RUN,    /* object = work item id */
    TAP_NIC_RECEIVE, /* TAP_FRAME_IN per frame follows the ENTER */
    TAP_NIC_DONE,    /* transmit callback */
    TAP_NIC_LINK,
    TAP_NIC_FAILED, /* the card's state of connections is lost */
    /* ---- the driver calls the rig (ENTER/LEAVE) ---- */
    TAP_RCV_COMPLETE, /* TAP_NBL per list follows the ENTER (and is not repeated at LEAVE) */
    TAP_SND_COMPLETE,
    TAP_DIS_COMPLETE,
    TAP_FWD_COMPLETE,
    TAP_RCV_INDICATE,      /* conn, status = argument; TAP_NBL; LEAVE: status = host's answer */
    TAP_EVENT,             /* conn */
    TAP_MEVENT,            /* ptr = block or NULL, object = neighbor id */
    TAP_STATUS,            /* status = code */
    TAP_NONOFF_INDICATE,   /* TAP_NBL per list */
    TAP_HOST_SENT,         /* NdisMSendNetBufferListsComplete: TAP_NBL per list */
    TAP_INITIATE_COMPLETE, /* object = operation id, ptr = root; TAP_BLOCK per node follows ENTER;
                            */
    TAP_QUERY_COMPLETE,    /*   an unknown root pointer: object = TAP_NONE and no TAP_BLOCK */
    TAP_UPDATE_COMPLETE,
    TAP_INVALIDATE_COMPLETE,
    TAP_TERMINATE_COMPLETE,
    TAP_OID_COMPLETE, /* object = request id, status */
    TAP_PAUSE_COMPLETE,
    TAP_RESTART_COMPLETE,
    TAP_RESET_COMPLETE,
    /* ---- points ---- */
    TAP_NBL,   /* one list of the open call: object = id, ptr = struct tap_nbl, status */
    TAP_BLOCK, /* one node: object = state object id or TAP_NONE (placeholder), conn for TCP nodes,
                  status = Status field, ptr = the block */
    TAP_FRAME_IN,   /* a frame is given to the driver: object = frame id, conn if the rig knows it,
                       ptr = bytes */
    TAP_FRAME_BACK, /* NicReturnFrames: object = frame id (TAP_NONE = not a frame that is out) */
    TAP_FRAME_OUT,  /* NicTransmit: object = ordinal, ptr = bytes (gathered copy), status */
    TAP_ALLOC,      /* object = allocation id, status */
    TAP_FREE,       /* object = allocation id */
    /* The number between meant something once; traces keep theirs. */
    TAP_TIMER_SET = TAP_FREE + 2, /* object = timer id */
    TAP_TIMER_CANCEL,             /* object = timer id */
    TAP_REGISTER,                 /* NdisMRegisterMiniportDriver: status */
    TAP_OPTIONAL,                 /* NdisSetOptionalHandlers: status */
    TAP_ATTRIBUTES,               /* NdisMSetMiniportAttributes: status; ptr = the structure */
    TAP_HANDLERS,                 /* NdisMGetOffloadHandlers: status */
    TAP_MISUSE,                   /* the driver broke the contract of a primitive: object */
    TAP_FAULT,                    /* a fault is switched */
    TAP_PARAMETERS, /* the host set the operating parameters: ptr = structure as set */
    TAP_SETTING,    /* the driver read a keyword that is set */
    TAP_OID_DONE,   /* right before TAP_OID_COMPLETE: as at the LEAVE of TAP_OID */
    TAP_OP,         /* the program starts an operation */
    TAP_STEP,       /* the step is over: nothing is runnable at this virtual time and no callback of
                       the driver is open */
    TAP_LEAK,       /* at the end: object = allocation id */
    TAP_END,        /* the run is over: driver halted and unloaded, or given up */
    TAP_FN_COUNT
};

enum tap_role {
    ROLE_POST, /* posted receive */
    ROLE_SEND, /* offloaded send */
    ROLE_DISCONNECT,
    ROLE_FORWARD,
    ROLE_INIT_SEND, /* send data handed over in NetBufferListChain of an initiate */
    ROLE_BUFFERED,  /* BufferedData of an initiate (stays the host's, lent until completion) */
    ROLE_HOST_SEND, /* non-offload send */
    ROLE_INDICATED, /* the driver's own list, from one of its pools */
};

enum tap_owner { OWNER_HOST, OWNER_TARGET, OWNER_NOBODY };

/* Why a list that the driver passed cannot be what it should be. The list is not read then. */
enum tap_nbl_fault {
    NBL_OK,
    NBL_UNKNOWN,    /* not a list that NDIS ever made, or already freed */
    NBL_NOT_OWNED,  /* known, but the target does not own it: completed twice, or the host's */
    NBL_WRONG_ROLE, /* completed through the wrong function */
    NBL_CYCLE,      /* the chain comes back to it */
};

/* One list as seen at the moment of the event; every field was read by the rig, once. */
struct tap_nbl {
    PNET_BUFFER_LIST nbl; /* readable only if fault == NBL_OK */
    uint32_t id; /* ordinal of the list in the run; a driver's own list keeps its id for life */
    enum tap_role role;
    enum tap_nbl_fault fault;
    uint32_t conn;
    uint32_t handed_event; /* event at which the host handed it over (requests), or TAP_NONE */
    uint32_t index_in_call;
    uint32_t nb_count;
    uint32_t length;            /* bytes of used data when handed over; for ROLE_INDICATED: now */
    uint32_t prefill;           /* ROLE_POST: TcpReceiveBytesTransferred */
    bool no_push;               /* ROLE_POST */
    bool has_next;              /* Next was not NULL */
    int32_t status;             /* Status field now */
    uint32_t bytes_transferred; /* BT slot now; TAP_BT_POISON = never written */
    uint32_t advance;           /* sum over the NET_BUFFERs: bytes by which the data start moved */
    bool
        nb_consistent; /* DataOffset, CurrentMdl, CurrentMdlOffset, DataLength agree, MDLs intact */
    bool fields_intact;     /* OWN-FIELD-1: nothing changed but what the target may write */
    bool slack_intact;      /* RCV-BOUND-1: bytes outside the data window unchanged */
    bool data_intact;       /* InvariantMdl: data that the target only reads is unchanged */
    uint64_t stream_offset; /* sends: offset of the first byte in the connection's send stream */
};
#define TAP_BT_POISON 0xA5A5A5A5u

enum tap_layer { LAYER_NEIGHBOR, LAYER_PATH, LAYER_TCP, LAYER_UNKNOWN };
enum tap_node { NODE_PLACEHOLDER, NODE_LINKER, NODE_NEW };

enum tap_resource {
    RESOURCE_MEMORY,
    RESOURCE_NBL_POOL,
    RESOURCE_NB_POOL,
    RESOURCE_NBL,
    RESOURCE_NB,
    RESOURCE_MDL,
    RESOURCE_TIMER,
    RESOURCE_WORK_ITEM,
    RESOURCE_LOCK,
    RESOURCE_NIC,
    RESOURCE_FRAME,
    RESOURCE_DRIVER,
    RESOURCE_CONFIGURATION,
};

enum tap_misuse {
    MISUSE_IRQL, /* called at a level that the function does not allow: detail = enum tap_family */
    MISUSE_LOCK_RECURSION,  /* spin lock acquired while held on this cpu (deadlock) */
    MISUSE_LOCK_NOT_HELD,   /* released while not held: detail = 1 by the Dpr form */
    MISUSE_LOCK_ACROSS,     /* detail = enum tap_across */
    MISUSE_BAD_POINTER,     /* an object that does not exist or was freed */
    MISUSE_DOUBLE_FREE,     /* freed twice, or by a function that did not make it: detail = enum
                               tap_resource */
    MISUSE_WRONG_POOL,      /* freed to, or taken from, the wrong kind of pool */
    MISUSE_POOL_BUSY,       /* pool freed while objects are out */
    MISUSE_ADVANCE_TOO_FAR, /* data start advanced beyond the used length */
    MISUSE_TIMER_QUEUED,   /* timer freed, or left behind by halt, while queued: detail = 1 periodic
                            */
    MISUSE_WORK_QUEUED,    /* work item queued twice, or freed while queued */
    MISUSE_STRUCTURE,      /* a structure with the wrong type, revision or size */
    MISUSE_SEQUENCE,       /* a call outside the phase in which it is allowed */
    MISUSE_FREE_INDICATED, /* a list or frame freed while the host owns it */
    MISUSE_HANDLE,         /* a handle that NDIS did not give out for this purpose */
    MISUSE_NULL,           /* NULL where an object is required */
    MISUSE_LOCK_FORM,      /* released by the other form: detail = 1 by the Dpr form */
    MISUSE_LOCK_ORDER,     /* two locks taken in an order that deadlocks two processors */
    MISUSE_LOCK_LIVE,      /* freed while held, or the memory around it */
    MISUSE_TX_OWNED,       /* a descriptor transmitted again while the wire owns it */
    MISUSE_LOCK_UNKNOWN,   /* a spin lock freed that was never allocated, or is freed already */
};

/* What was still held, and where. */
enum tap_across {
    ACROSS_RETURN, /* a spin lock, when the driver returned from a call */
    ACROSS_UPCALL, /* a spin lock, when the driver called the host */
    ACROSS_LEVEL,  /* the level raised or lowered, when the driver returned from a call */
};

/* Functions whose levels are one rule. */
enum tap_family {
    FAMILY_MINIPORT, /* registration, attributes, completions of the life cycle */
    FAMILY_OID,
    FAMILY_SEND_RECEIVE,
    FAMILY_STATUS,
    FAMILY_SYNCH,
    FAMILY_DPR, /* Dpr forms of spin locks */
    FAMILY_SETTING,
    FAMILY_TIMER,
    FAMILY_PERIODIC, /* cancelling a periodic timer */
    FAMILY_NET_BUFFER,
    FAMILY_MISCELLANEOUS, /* memory, work items, configuration */
    FAMILY_WIRE,
    FAMILY_CHIMNEY, /* indications, events and completions of offloaded connections */
    FAMILY_COUNT
};

enum tap_fault {
    FAULT_ALLOC,    /* allocations fail (memory, lists, buffers, MDLs) */
    FAULT_POOL,     /* list allocations fail */
    FAULT_TX_STALL, /* transmit callbacks are withheld */
    FAULT_LINK_DOWN,
    FAULT_MAP, /* MDL mapping fails */
    FAULTS
};

/* What an event says, by its function; what it does not name is zero. */
union tap_words {
    uint32_t word[4]; /* each of the others has as many, so that all are set with any of them */
    struct {
        uint32_t action, unused[3];
    } halt;
    struct {
        uint32_t code, unused[3];
    } pnp;
    struct {
        uint32_t oid, set, bytes, needed;
    } request; /* TAP_OID, TAP_OID_DONE */
    struct {
        uint32_t id, unused[3];
    } cancel;
    struct {
        uint32_t flags, unused[3];
    } io; /* TAP_POST to TAP_FORWARD */
    struct {
        uint32_t frames, unused[3];
    } receive;
    struct {
        uint32_t descriptors, unused[3];
    } done;
    struct {
        uint32_t connected, unused[3];
    } link;
    struct {
        uint32_t flags, unused[2], wrong_handle;
    } completed; /* TAP_RCV_COMPLETE to TAP_FWD_COMPLETE, TAP_HOST_SENT */
    struct {
        uint32_t unused[3], wrong_handle;
    } upcall; /* every call of the driver */
    struct {
        uint32_t consumed, unused[3];
    } answer; /* LEAVE of TAP_RCV_INDICATE */
    struct {
        uint32_t type, information, unused, wrong_handle;
    } event; /* TAP_EVENT */
    struct {
        uint32_t code, ticks, unused, wrong_handle; /* ticks at the LEAVE: the host's answer */
    } asked;                                        /* TAP_MEVENT */
    struct {
        uint32_t count, flags, unused, wrong_handle;
    } shown; /* TAP_NONOFF_INDICATE */
    struct {
        uint32_t length, role, transferred, advance;
    } list; /* TAP_NBL */
    struct {
        uint32_t layer, node, type, context; /* enum tap_layer, tap_node; context: not NULL */
    } block;
    struct {
        uint32_t length, digest, unused[2];
    } frame; /* TAP_FRAME_IN, TAP_FRAME_OUT; digest of the headers, out only */
    struct {
        uint32_t bytes, tag, resource, born; /* born: TAP_LEAK, event of the allocation */
    } memory;                                /* TAP_ALLOC, TAP_FREE, TAP_LEAK */
    struct {
        uint32_t low_ns, high_ns, unused[2]; /* from now */
    } timer_set;
    struct {
        uint32_t removed, unused[3];
    } timer_cancel;
    struct {
        uint32_t type, right, offload, inside; /* right: size, type and handlers */
    } optional; /* also TAP_ATTRIBUTES and TAP_HANDLERS, which have a type; inside the right call */
    struct {
        uint32_t what, detail; /* enum tap_misuse */
        uint32_t size, least;  /* MISUSE_STRUCTURE: announced, and wanted; 0 = it is not the size */
    } misuse;
    struct {
        uint32_t kind, on, amount, unused; /* enum tap_fault */
    } fault;
    struct {
        uint32_t ticks_per_second, ack_frequency, delayed_ticks, push_ticks;
    } parameters;
    struct {
        uint32_t value, unused[3];
    } setting;
    struct {
        uint32_t index, code, unused[2];
    } operation;
    struct {
        uint32_t unloaded, locks, nested, lowered; /* spin locks taken, while others were held; */
    } end;                                         /* levels lowered */
};

/* NdisMSetMiniportAttributes: what is set, and of which card. */
struct tap_attributes {
    const NDIS_MINIPORT_ADAPTER_ATTRIBUTES *attributes;
    uint32_t max_frame; /* bytes, with the header of Ethernet */
    const uint8_t *mac;
};

struct tap_event {
    uint32_t seq;
    uint8_t kind; /* enum tap_kind */
    uint8_t fn;   /* enum tap_fn */
    uint8_t cpu;
    uint8_t irql;
    uint64_t time_ns; /* virtual */
    uint32_t call; /* LEAVE: seq of its ENTER; else seq of the innermost open ENTER or TAP_NONE */
    uint32_t conn; /* connection ordinal or TAP_NONE */
    uint32_t object;
    int32_t status;
    union tap_words data;
    const void *ptr; /* live object, valid during the event only; never part of the trace hash */
};

/* A reader of the stream. Readers are called in the order of registration, must not change anything
 * of the world, and must not call NDIS functions. */
typedef void (*tap_reader)(void *context, const struct tap_event *event);

void tap_reset(void);
void tap_subscribe(tap_reader reader, void *context);
/* Emits an event; fills seq, time, cpu, irql, call. Returns seq. Inline, so that the event is made
 * where its readers see it: passing it on would copy what was just written. */
uint32_t tap_emit_at(struct tap_event *event);
static inline uint32_t tap_emit(struct tap_event event)
{
    return tap_emit_at(&event);
}
/* What the trace keeps of an event. */
struct trace_record tap_record(const struct tap_event *event);
/* What a kept event says. */
static inline union tap_words tap_words_of(const struct trace_record *record)
{
    return (union tap_words){.word = {record->a, record->b, record->c, record->d}};
}
const char *tap_fn_name(enum tap_fn fn);
const char *tap_misuse_name(enum tap_misuse misuse);
const char *tap_fault_name(enum tap_fault fault);
const char *tap_resource_name(enum tap_resource resource);
const char *tap_role_name(enum tap_role role);

/* Whether bytes that a driver's pointer names belong to an object that lives, so that a reader may
 * look at them. Takes time by the number of objects. */
bool tap_readable(const void *bytes, uint32_t count);
/* Copies length bytes of a list's data, counted from the data start it had when it was handed over
 * (for ROLE_INDICATED: from the present data start), over all NET_BUFFERs. Returns bytes copied. */
uint32_t tap_nbl_copy(const struct tap_nbl *list, uint32_t offset, void *out, uint32_t length);
/* Calls visit for each contiguous piece of those bytes; the pieces are in place, not copied. */
typedef void (*tap_span_visitor)(void *context, const uint8_t *bytes, uint32_t length);
uint32_t tap_nbl_spans(const struct tap_nbl *list, uint32_t offset, uint32_t length,
                       tap_span_visitor visit, void *context);

#endif
