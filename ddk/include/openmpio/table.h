/* SPDX-License-Identifier: MIT */
/*
 * Rtl: ordered tables of a driver's elements - balanced (AVL) trees, splay trees, and the splay
 * links below them. The driver's compare, allocate and free routines run inside the call, at the
 * caller's IRQL, which must suit the memory the tree lies in; the caller guards the table. An
 * element is copied into a node that the driver's allocate routine gives and that the table frees
 * with the free routine. Define RTL_USE_AVL_TABLES for AVL trees under the general names.
 * Source: ntddk.h and the pages of the RtlXxxGenericTable(Avl) family.
 */
#ifndef OPENMPIO_TABLE_H
#define OPENMPIO_TABLE_H

#include <openmpio/kernel.h>

DDK_BEGIN_C

typedef enum _TABLE_SEARCH_RESULT {
    TableEmptyTree,
    TableFoundNode,
    TableInsertAsLeft,
    TableInsertAsRight
} TABLE_SEARCH_RESULT;

typedef enum _RTL_GENERIC_COMPARE_RESULTS {
    GenericLessThan,
    GenericGreaterThan,
    GenericEqual
} RTL_GENERIC_COMPARE_RESULTS;

/* ---- AVL trees: an element lies sizeof(RTL_BALANCED_LINKS) behind the start of its node ------- */
struct _RTL_AVL_TABLE;
typedef RTL_GENERIC_COMPARE_RESULTS NTAPI RTL_AVL_COMPARE_ROUTINE(struct _RTL_AVL_TABLE *Table, PVOID FirstStruct,
                                                                  PVOID SecondStruct);
typedef PVOID NTAPI RTL_AVL_ALLOCATE_ROUTINE(struct _RTL_AVL_TABLE *Table, CLONG ByteSize);
typedef VOID NTAPI RTL_AVL_FREE_ROUTINE(struct _RTL_AVL_TABLE *Table, PVOID Buffer);
typedef NTSTATUS NTAPI RTL_AVL_MATCH_FUNCTION(struct _RTL_AVL_TABLE *Table, PVOID UserData, PVOID MatchData);
typedef RTL_AVL_COMPARE_ROUTINE *PRTL_AVL_COMPARE_ROUTINE;
typedef RTL_AVL_ALLOCATE_ROUTINE *PRTL_AVL_ALLOCATE_ROUTINE;
typedef RTL_AVL_FREE_ROUTINE *PRTL_AVL_FREE_ROUTINE;
typedef RTL_AVL_MATCH_FUNCTION *PRTL_AVL_MATCH_FUNCTION;

typedef struct _RTL_BALANCED_LINKS {
    struct _RTL_BALANCED_LINKS *Parent;
    struct _RTL_BALANCED_LINKS *LeftChild;
    struct _RTL_BALANCED_LINKS *RightChild;
    CHAR Balance; /* depth of the right side minus that of the left */
    UCHAR Reserved[3];
} RTL_BALANCED_LINKS, *PRTL_BALANCED_LINKS;

typedef struct _RTL_AVL_TABLE {
    RTL_BALANCED_LINKS BalancedRoot; /* the tree is its RightChild */
    PVOID OrderedPointer;
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    ULONG DepthOfTree;
    PRTL_BALANCED_LINKS RestartKey;
    ULONG DeleteCount;
    PRTL_AVL_COMPARE_ROUTINE CompareRoutine;
    PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_AVL_FREE_ROUTINE FreeRoutine;
    PVOID TableContext; /* the driver's */
} RTL_AVL_TABLE, *PRTL_AVL_TABLE;

/* An empty table. */
NTKERNELAPI VOID NTAPI RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table, PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                                    PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                                    PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext);
/* The element in the table that is equal to Buffer: the one that was there (*NewElement FALSE), or a
 * copy of Buffer; NULL when the allocate routine answered NULL. BufferSize in bytes. */
NTKERNELAPI PVOID NTAPI RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                        PBOOLEAN NewElement);
/* The same behind a look-up of the Full kind whose two answers are given back. */
NTKERNELAPI PVOID NTAPI RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                            PBOOLEAN NewElement, PVOID NodeOrParent,
                                                            TABLE_SEARCH_RESULT SearchResult);
/* TRUE when an equal element was there; its node has been freed. */
NTKERNELAPI BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer);
NTKERNELAPI VOID NTAPI RtlDeleteElementGenericTableAvlEx(PRTL_AVL_TABLE Table, PVOID NodeOrParent);
/* The equal element, or NULL. Full: also the node, or the parent a new node would have, and the side. */
NTKERNELAPI PVOID NTAPI RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer);
NTKERNELAPI PVOID NTAPI RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, PVOID *NodeOrParent,
                                                            TABLE_SEARCH_RESULT *SearchResult);
/* First, in order, of the elements that compare equal; continue with the WithoutSplaying form. */
NTKERNELAPI PVOID NTAPI RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                                     PVOID *RestartKey);
/* Elements in order, NULL behind the last. Restart, or *RestartKey == NULL, begins anew; the second
 * form leaves the table unchanged. */
NTKERNELAPI PVOID NTAPI RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart);
NTKERNELAPI PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID *RestartKey);
/* The I-th element in order, from 0; NULL behind the last. */
NTKERNELAPI PVOID NTAPI RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I);
/* How many elements, and whether there are none. */
NTKERNELAPI ULONG NTAPI RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table);
NTKERNELAPI BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table);

/* ---- splay links: the root's parent is the root itself ----------------------------------------- */
typedef struct _RTL_SPLAY_LINKS {
    struct _RTL_SPLAY_LINKS *Parent;
    struct _RTL_SPLAY_LINKS *LeftChild;
    struct _RTL_SPLAY_LINKS *RightChild;
} RTL_SPLAY_LINKS, *PRTL_SPLAY_LINKS;

#define RtlInitializeSplayLinks(links)                       \
    do {                                                     \
        PRTL_SPLAY_LINKS rtlLinks = (PRTL_SPLAY_LINKS)(links); \
        rtlLinks->Parent = rtlLinks;                         \
        rtlLinks->LeftChild = NULL;                          \
        rtlLinks->RightChild = NULL;                         \
    } while (0)
#define RtlParent(links)       ((PRTL_SPLAY_LINKS)(links)->Parent)
#define RtlLeftChild(links)    ((PRTL_SPLAY_LINKS)(links)->LeftChild)
#define RtlRightChild(links)   ((PRTL_SPLAY_LINKS)(links)->RightChild)
#define RtlIsRoot(links)       (RtlParent(links) == (PRTL_SPLAY_LINKS)(links))
#define RtlIsLeftChild(links)  (RtlLeftChild(RtlParent(links)) == (PRTL_SPLAY_LINKS)(links))
#define RtlIsRightChild(links) (RtlRightChild(RtlParent(links)) == (PRTL_SPLAY_LINKS)(links))
#define RtlInsertAsLeftChild(parent, child)                     \
    do {                                                        \
        (parent)->LeftChild = (PRTL_SPLAY_LINKS)(child);        \
        ((PRTL_SPLAY_LINKS)(child))->Parent = (PRTL_SPLAY_LINKS)(parent); \
    } while (0)
#define RtlInsertAsRightChild(parent, child)                    \
    do {                                                        \
        (parent)->RightChild = (PRTL_SPLAY_LINKS)(child);       \
        ((PRTL_SPLAY_LINKS)(child))->Parent = (PRTL_SPLAY_LINKS)(parent); \
    } while (0)

/* Rotates the node to the root; answers the new root. */
NTKERNELAPI PRTL_SPLAY_LINKS NTAPI RtlSplay(PRTL_SPLAY_LINKS Links);
/* Takes the node out; answers the new root, or NULL. The second form rotates nothing and keeps *Root. */
NTKERNELAPI PRTL_SPLAY_LINKS NTAPI RtlDelete(PRTL_SPLAY_LINKS Links);
NTKERNELAPI VOID NTAPI RtlDeleteNoSplay(PRTL_SPLAY_LINKS Links, PRTL_SPLAY_LINKS *Root);
/* Neighbour in order: below the node only (Subtree), or in the whole tree (Real); NULL: none. */
NTKERNELAPI PRTL_SPLAY_LINKS NTAPI RtlSubtreeSuccessor(PRTL_SPLAY_LINKS Links);
NTKERNELAPI PRTL_SPLAY_LINKS NTAPI RtlSubtreePredecessor(PRTL_SPLAY_LINKS Links);
NTKERNELAPI PRTL_SPLAY_LINKS NTAPI RtlRealSuccessor(PRTL_SPLAY_LINKS Links);
NTKERNELAPI PRTL_SPLAY_LINKS NTAPI RtlRealPredecessor(PRTL_SPLAY_LINKS Links);

/* ---- splay tables: splay links and a list in order of insertion in front of the element --------- */
#ifndef RTL_USE_AVL_TABLES
struct _RTL_GENERIC_TABLE;
typedef RTL_GENERIC_COMPARE_RESULTS NTAPI RTL_GENERIC_COMPARE_ROUTINE(struct _RTL_GENERIC_TABLE *Table,
                                                                      PVOID FirstStruct, PVOID SecondStruct);
typedef PVOID NTAPI RTL_GENERIC_ALLOCATE_ROUTINE(struct _RTL_GENERIC_TABLE *Table, CLONG ByteSize);
typedef VOID NTAPI RTL_GENERIC_FREE_ROUTINE(struct _RTL_GENERIC_TABLE *Table, PVOID Buffer);
typedef RTL_GENERIC_COMPARE_ROUTINE *PRTL_GENERIC_COMPARE_ROUTINE;
typedef RTL_GENERIC_ALLOCATE_ROUTINE *PRTL_GENERIC_ALLOCATE_ROUTINE;
typedef RTL_GENERIC_FREE_ROUTINE *PRTL_GENERIC_FREE_ROUTINE;

typedef struct _RTL_GENERIC_TABLE {
    PRTL_SPLAY_LINKS TableRoot;
    LIST_ENTRY InsertOrderList;
    PLIST_ENTRY OrderedPointer;
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine;
    PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_GENERIC_FREE_ROUTINE FreeRoutine;
    PVOID TableContext; /* the driver's */
} RTL_GENERIC_TABLE, *PRTL_GENERIC_TABLE;

/* As the AVL forms above; look-ups and enumeration splay what they find, except WithoutSplaying. */
NTKERNELAPI VOID NTAPI RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table,
                                                 PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                                 PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                                 PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext);
NTKERNELAPI PVOID NTAPI RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                     PBOOLEAN NewElement);
NTKERNELAPI PVOID NTAPI RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                         PBOOLEAN NewElement, PVOID NodeOrParent,
                                                         TABLE_SEARCH_RESULT SearchResult);
NTKERNELAPI BOOLEAN NTAPI RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer);
NTKERNELAPI PVOID NTAPI RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer);
NTKERNELAPI PVOID NTAPI RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer,
                                                         PVOID *NodeOrParent, TABLE_SEARCH_RESULT *SearchResult);
NTKERNELAPI PVOID NTAPI RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart);
NTKERNELAPI PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey);
/* The I-th element in order of insertion, from 0; NULL behind the last. */
NTKERNELAPI PVOID NTAPI RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I);
/* How many elements, and whether there are none. */
NTKERNELAPI ULONG NTAPI RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table);
NTKERNELAPI BOOLEAN NTAPI RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table);
#else
#define RTL_GENERIC_TABLE                 RTL_AVL_TABLE
#define PRTL_GENERIC_TABLE                PRTL_AVL_TABLE
#define RTL_GENERIC_COMPARE_ROUTINE       RTL_AVL_COMPARE_ROUTINE
#define PRTL_GENERIC_COMPARE_ROUTINE      PRTL_AVL_COMPARE_ROUTINE
#define RTL_GENERIC_ALLOCATE_ROUTINE      RTL_AVL_ALLOCATE_ROUTINE
#define PRTL_GENERIC_ALLOCATE_ROUTINE     PRTL_AVL_ALLOCATE_ROUTINE
#define RTL_GENERIC_FREE_ROUTINE          RTL_AVL_FREE_ROUTINE
#define PRTL_GENERIC_FREE_ROUTINE         PRTL_AVL_FREE_ROUTINE
#define RtlInitializeGenericTable         RtlInitializeGenericTableAvl
#define RtlInsertElementGenericTable      RtlInsertElementGenericTableAvl
#define RtlInsertElementGenericTableFull  RtlInsertElementGenericTableFullAvl
#define RtlDeleteElementGenericTable      RtlDeleteElementGenericTableAvl
#define RtlLookupElementGenericTable      RtlLookupElementGenericTableAvl
#define RtlLookupElementGenericTableFull  RtlLookupElementGenericTableFullAvl
#define RtlEnumerateGenericTable          RtlEnumerateGenericTableAvl
#define RtlEnumerateGenericTableWithoutSplaying RtlEnumerateGenericTableWithoutSplayingAvl
#define RtlGetElementGenericTable         RtlGetElementGenericTableAvl
#define RtlNumberGenericTableElements     RtlNumberGenericTableElementsAvl
#define RtlIsGenericTableEmpty            RtlIsGenericTableEmptyAvl
#endif

DDK_END_C

#endif
