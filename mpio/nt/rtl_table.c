/* SPDX-License-Identifier: MIT */
/*
 * RTL_GENERIC_TABLE: a splay tree of elements that the driver orders, allocates and frees, with a
 * list in order of insertion. The IRQL is the caller's business: the driver's routines run at it.
 * The caller guards the table.
 */
#include "nt/driverobject.h"

typedef struct _TABLE_ENTRY {
    RTL_SPLAY_LINKS Links;
    LIST_ENTRY Order;
    LONGLONG Element; /* begins here */
} TABLE_ENTRY;

#define ELEMENT_OFFSET FIELD_OFFSET(TABLE_ENTRY, Element)

static PVOID Element(PRTL_SPLAY_LINKS Node)
{
    return Node == NULL ? NULL : (PUCHAR)Node + ELEMENT_OFFSET;
}

static TABLE_SEARCH_RESULT Search(PRTL_GENERIC_TABLE Table, PVOID Buffer, PRTL_SPLAY_LINKS *Place)
{
    PRTL_SPLAY_LINKS node = Table->TableRoot;

    *Place = node;
    if (node == NULL) {
        return TableEmptyTree;
    }
    for (;;) {
        RTL_GENERIC_COMPARE_RESULTS order =
            NT_CALL_OUT("compare routine of a table", NtDriverOfCode(NtKernel(), (PVOID)Table->CompareRoutine),
                        PASSIVE_LEVEL, Table->CompareRoutine, Table, Buffer, Element(node));
        PRTL_SPLAY_LINKS child = order == GenericLessThan ? node->LeftChild : node->RightChild;

        *Place = node;
        if (order == GenericEqual) {
            return TableFoundNode;
        }
        if (child == NULL) {
            return order == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
        }
        node = child;
    }
}

VOID RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table, PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                               PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                               PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    RtlZeroMemory(Table, sizeof(*Table));
    InitializeListHead(&Table->InsertOrderList);
    Table->OrderedPointer = &Table->InsertOrderList;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

PVOID RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement,
                                       PVOID NodeOrParent, TABLE_SEARCH_RESULT SearchResult)
{
    PRTL_SPLAY_LINKS parent = NodeOrParent, node = parent;
    TABLE_ENTRY *entry;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (NewElement != NULL) {
        *NewElement = SearchResult != TableFoundNode;
    }
    if (SearchResult != TableFoundNode) {
        entry = BufferSize > MAXULONG - ELEMENT_OFFSET
                    ? NULL
                    : NT_CALL_OUT("allocate routine of a table",
                                  NtDriverOfCode(NtKernel(), (PVOID)Table->AllocateRoutine), PASSIVE_LEVEL,
                                  Table->AllocateRoutine, Table, (CLONG)(BufferSize + ELEMENT_OFFSET));
        if (entry == NULL) {
            if (NewElement != NULL) {
                *NewElement = FALSE;
            }
            return NULL;
        }
        node = &entry->Links;
        RtlInitializeSplayLinks(node);
        InsertTailList(&Table->InsertOrderList, &entry->Order);
        Table->NumberGenericTableElements++;
        RtlCopyMemory(Element(node), Buffer, BufferSize);
        if (SearchResult == TableInsertAsLeft) {
            RtlInsertAsLeftChild(parent, node);
        } else if (SearchResult == TableInsertAsRight) {
            RtlInsertAsRightChild(parent, node);
        }
    }
    Table->TableRoot = RtlSplay(node);
    return Element(node);
}

PVOID RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement)
{
    PRTL_SPLAY_LINKS place;
    TABLE_SEARCH_RESULT result;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    result = Search(Table, Buffer, &place);
    return RtlInsertElementGenericTableFull(Table, Buffer, BufferSize, NewElement, place, result);
}

BOOLEAN RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    PRTL_SPLAY_LINKS node;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Search(Table, Buffer, &node) != TableFoundNode) {
        return FALSE;
    }
    Table->TableRoot = RtlDelete(node);
    RemoveEntryList(&CONTAINING_RECORD(node, TABLE_ENTRY, Links)->Order);
    Table->NumberGenericTableElements--;
    Table->WhichOrderedElement = 0;
    Table->OrderedPointer = &Table->InsertOrderList;
    NT_CALL_VOID("free routine of a table", NtDriverOfCode(NtKernel(), (PVOID)Table->FreeRoutine), PASSIVE_LEVEL,
                 Table->FreeRoutine, Table, node);
    return TRUE;
}

PVOID RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer, PVOID *NodeOrParent,
                                       TABLE_SEARCH_RESULT *SearchResult)
{
    PRTL_SPLAY_LINKS place;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    *SearchResult = Search(Table, Buffer, &place);
    *NodeOrParent = place;
    if (*SearchResult == TableEmptyTree) {
        return NULL;
    }
    Table->TableRoot = RtlSplay(place);
    return *SearchResult == TableFoundNode ? Element(place) : NULL;
}

PVOID RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    PVOID place;
    TABLE_SEARCH_RESULT result;

    return RtlLookupElementGenericTableFull(Table, Buffer, &place, &result);
}

static PRTL_SPLAY_LINKS Leftmost(PRTL_GENERIC_TABLE Table)
{
    PRTL_SPLAY_LINKS node = Table->TableRoot;

    while (node != NULL && node->LeftChild != NULL) {
        node = node->LeftChild;
    }
    return node;
}

PVOID RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey)
{
    PRTL_SPLAY_LINKS node = *RestartKey;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    node = Table->TableRoot == NULL ? NULL : node == NULL ? Leftmost(Table) : RtlRealSuccessor(node);
    if (node != NULL) {
        *RestartKey = node;
    }
    return Element(node);
}

/* The element answered last is the root. */
PVOID RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart)
{
    PRTL_SPLAY_LINKS node;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Table->TableRoot == NULL) {
        return NULL;
    }
    node = Restart ? Leftmost(Table) : RtlRealSuccessor(Table->TableRoot);
    if (node != NULL) {
        Table->TableRoot = RtlSplay(node);
    }
    return Element(node);
}

/* OrderedPointer is the entry answered last, number WhichOrderedElement from 1 (0: the list's head). */
PVOID RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I)
{
    PLIST_ENTRY entry = Table->OrderedPointer;
    ULONG at = Table->WhichOrderedElement;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (I >= Table->NumberGenericTableElements) {
        return NULL;
    }
    for (; at < I + 1; at++) {
        entry = entry->Flink;
    }
    for (; at > I + 1; at--) {
        entry = entry->Blink;
    }
    Table->OrderedPointer = entry;
    Table->WhichOrderedElement = at;
    return Element(&CONTAINING_RECORD(entry, TABLE_ENTRY, Order)->Links);
}

ULONG RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Table->NumberGenericTableElements;
}

BOOLEAN RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Table->TableRoot == NULL;
}
