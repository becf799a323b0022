/* SPDX-License-Identifier: MIT */
/*
 * RTL_AVL_TABLE: a balanced tree of elements that the driver orders, allocates and frees. The links
 * are laid out as on Windows: the tree hangs at BalancedRoot.RightChild, and BalancedRoot is its
 * parent. The IRQL is the caller's business: the driver's routines run at it. The caller guards the
 * table; a compare routine that changes the table breaks it, as on Windows.
 */
#include "nt/driverobject.h"

#define ELEMENT_OFFSET sizeof(RTL_BALANCED_LINKS)
C_ASSERT(sizeof(RTL_BALANCED_LINKS) % 8 == 0);

static PVOID Element(PRTL_BALANCED_LINKS Node)
{
    return Node == NULL ? NULL : (PUCHAR)Node + ELEMENT_OFFSET;
}

static PRTL_BALANCED_LINKS Root(PRTL_AVL_TABLE Table)
{
    return Table->BalancedRoot.RightChild;
}

static LONG Depth(const RTL_BALANCED_LINKS *Node)
{
    LONG depth = 0;

    for (; Node != NULL; Node = Node->Balance < 0 ? Node->LeftChild : Node->RightChild) {
        depth++;
    }
    return depth;
}

static RTL_GENERIC_COMPARE_RESULTS Compare(PRTL_AVL_TABLE Table, PVOID First, PVOID Second)
{
    return NT_CALL_OUT("compare routine of a table", NtDriverOfCode(NtKernel(), (PVOID)Table->CompareRoutine),
                       PASSIVE_LEVEL, Table->CompareRoutine, Table, First, Second);
}

/* The node that is equal to Buffer, or the one that would be the parent of a new node. */
static TABLE_SEARCH_RESULT Search(PRTL_AVL_TABLE Table, PVOID Buffer, PRTL_BALANCED_LINKS *Place)
{
    PRTL_BALANCED_LINKS node = Root(Table);

    *Place = node;
    if (node == NULL) {
        return TableEmptyTree;
    }
    for (;;) {
        RTL_GENERIC_COMPARE_RESULTS order = Compare(Table, Buffer, Element(node));
        PRTL_BALANCED_LINKS child = order == GenericLessThan ? node->LeftChild : node->RightChild;

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

static PRTL_BALANCED_LINKS Successor(PRTL_BALANCED_LINKS Node)
{
    if (Node->RightChild != NULL) {
        for (Node = Node->RightChild; Node->LeftChild != NULL; Node = Node->LeftChild) {
        }
        return Node;
    }
    while (Node->Parent->RightChild == Node && Node->Parent->Parent != Node->Parent) {
        Node = Node->Parent;
    }
    /* BalancedRoot is its own parent, and the tree is its right child */
    return Node->Parent->Parent == Node->Parent ? NULL : Node->Parent;
}

static PRTL_BALANCED_LINKS Predecessor(PRTL_BALANCED_LINKS Node)
{
    if (Node->LeftChild != NULL) {
        for (Node = Node->LeftChild; Node->RightChild != NULL; Node = Node->RightChild) {
        }
        return Node;
    }
    while (Node->Parent->LeftChild == Node) {
        Node = Node->Parent;
    }
    return Node->Parent->Parent == Node->Parent ? NULL : Node->Parent;
}

static PRTL_BALANCED_LINKS Leftmost(PRTL_AVL_TABLE Table)
{
    PRTL_BALANCED_LINKS node = Root(Table);

    while (node != NULL && node->LeftChild != NULL) {
        node = node->LeftChild;
    }
    return node;
}

static VOID Replace(PRTL_BALANCED_LINKS Old, PRTL_BALANCED_LINKS New)
{
    if (Old->Parent->LeftChild == Old) {
        Old->Parent->LeftChild = New;
    } else {
        Old->Parent->RightChild = New;
    }
    if (New != NULL) {
        New->Parent = Old->Parent;
    }
}

static VOID RotateLeft(PRTL_BALANCED_LINKS Node)
{
    PRTL_BALANCED_LINKS right = Node->RightChild;

    Replace(Node, right);
    Node->RightChild = right->LeftChild;
    if (Node->RightChild != NULL) {
        Node->RightChild->Parent = Node;
    }
    right->LeftChild = Node;
    Node->Parent = right;
}

static VOID RotateRight(PRTL_BALANCED_LINKS Node)
{
    PRTL_BALANCED_LINKS left = Node->LeftChild;

    Replace(Node, left);
    Node->LeftChild = left->RightChild;
    if (Node->LeftChild != NULL) {
        Node->LeftChild->Parent = Node;
    }
    left->RightChild = Node;
    Node->Parent = left;
}

/* A node whose balance is +2 or -2; answers the new top, which is as deep as before only when its
 * heavy child was even (a deletion). */
static PRTL_BALANCED_LINKS Rebalance(PRTL_BALANCED_LINKS Node)
{
    CHAR side = Node->Balance > 0 ? 1 : -1;
    PRTL_BALANCED_LINKS child = side > 0 ? Node->RightChild : Node->LeftChild, inner;

    if (child->Balance != -side) {
        side > 0 ? RotateLeft(Node) : RotateRight(Node);
        Node->Balance = (CHAR)(child->Balance == 0 ? side : 0);
        child->Balance = (CHAR)(child->Balance == 0 ? -side : 0);
        return child;
    }
    inner = side > 0 ? child->LeftChild : child->RightChild;
    side > 0 ? RotateRight(child) : RotateLeft(child);
    side > 0 ? RotateLeft(Node) : RotateRight(Node);
    Node->Balance = (CHAR)(inner->Balance == side ? -side : 0);
    child->Balance = (CHAR)(inner->Balance == -side ? side : 0);
    inner->Balance = 0;
    return inner;
}

static VOID AfterInsert(PRTL_AVL_TABLE Table, PRTL_BALANCED_LINKS Node)
{
    while (Node->Parent != &Table->BalancedRoot) {
        PRTL_BALANCED_LINKS parent = Node->Parent;

        parent->Balance = (CHAR)(parent->Balance + (parent->LeftChild == Node ? -1 : 1));
        if (parent->Balance == 0) {
            return;
        }
        if (parent->Balance == 2 || parent->Balance == -2) {
            Rebalance(parent);
            return;
        }
        Node = parent;
    }
}

/* The left (right) side of Parent became one shallower. */
static VOID AfterDelete(PRTL_AVL_TABLE Table, PRTL_BALANCED_LINKS Parent, BOOLEAN Left)
{
    while (Parent != &Table->BalancedRoot) {
        PRTL_BALANCED_LINKS top = Parent;

        Parent->Balance = (CHAR)(Parent->Balance + (Left ? 1 : -1));
        if (Parent->Balance == 1 || Parent->Balance == -1) {
            return;
        }
        if (Parent->Balance != 0) {
            top = Rebalance(Parent);
            if (top->Balance != 0) {
                return;
            }
        }
        Left = top->Parent->LeftChild == top;
        Parent = top->Parent;
    }
}

static VOID Remove(PRTL_AVL_TABLE Table, PRTL_BALANCED_LINKS Node)
{
    PRTL_BALANCED_LINKS heir, parent;
    BOOLEAN left;

    if (Node->LeftChild == NULL || Node->RightChild == NULL) {
        heir = Node->LeftChild != NULL ? Node->LeftChild : Node->RightChild;
        parent = Node->Parent;
        left = parent->LeftChild == Node;
        Replace(Node, heir);
    } else {
        heir = Successor(Node);
        parent = heir->Parent == Node ? heir : heir->Parent;
        left = heir->Parent != Node;
        if (heir->Parent != Node) {
            Replace(heir, heir->RightChild);
            heir->RightChild = Node->RightChild;
            heir->RightChild->Parent = heir;
        }
        heir->LeftChild = Node->LeftChild;
        heir->LeftChild->Parent = heir;
        heir->Balance = Node->Balance;
        Replace(Node, heir);
    }
    AfterDelete(Table, parent, left);
}

VOID RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table, PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                  PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine, PRTL_AVL_FREE_ROUTINE FreeRoutine,
                                  PVOID TableContext)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    RtlZeroMemory(Table, sizeof(*Table));
    Table->BalancedRoot.Parent = &Table->BalancedRoot;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

PVOID RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement,
                                          PVOID NodeOrParent, TABLE_SEARCH_RESULT SearchResult)
{
    PRTL_BALANCED_LINKS parent = NodeOrParent, node;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (NewElement != NULL) {
        *NewElement = FALSE;
    }
    if (SearchResult == TableFoundNode) {
        return Element(parent);
    }
    if (BufferSize > MAXULONG - ELEMENT_OFFSET) {
        return NULL;
    }
    node = NT_CALL_OUT("allocate routine of a table", NtDriverOfCode(NtKernel(), (PVOID)Table->AllocateRoutine),
                       PASSIVE_LEVEL, Table->AllocateRoutine, Table, (CLONG)(BufferSize + ELEMENT_OFFSET));
    if (node == NULL) {
        return NULL;
    }
    RtlZeroMemory(node, sizeof(*node));
    RtlCopyMemory(Element(node), Buffer, BufferSize);
    node->Parent = SearchResult == TableEmptyTree ? &Table->BalancedRoot : parent;
    if (SearchResult == TableInsertAsLeft) {
        parent->LeftChild = node;
    } else {
        node->Parent->RightChild = node;
    }
    Table->NumberGenericTableElements++;
    Table->OrderedPointer = NULL;
    AfterInsert(Table, node);
    Table->DepthOfTree = (ULONG)Depth(Root(Table));
    if (NewElement != NULL) {
        *NewElement = TRUE;
    }
    return Element(node);
}

PVOID RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement)
{
    PRTL_BALANCED_LINKS place;
    TABLE_SEARCH_RESULT result;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    result = Search(Table, Buffer, &place);
    return RtlInsertElementGenericTableFullAvl(Table, Buffer, BufferSize, NewElement, place, result);
}

VOID RtlDeleteElementGenericTableAvlEx(PRTL_AVL_TABLE Table, PVOID NodeOrParent)
{
    PRTL_BALANCED_LINKS node = NodeOrParent;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Table->RestartKey == node) {
        Table->RestartKey = Predecessor(node); /* an enumeration goes on behind the neighbour */
    }
    Remove(Table, node);
    Table->NumberGenericTableElements--;
    Table->DeleteCount++;
    Table->OrderedPointer = NULL;
    Table->DepthOfTree = (ULONG)Depth(Root(Table));
    NT_CALL_VOID("free routine of a table", NtDriverOfCode(NtKernel(), (PVOID)Table->FreeRoutine), PASSIVE_LEVEL,
                 Table->FreeRoutine, Table, node);
}

BOOLEAN RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    PRTL_BALANCED_LINKS place;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Search(Table, Buffer, &place) != TableFoundNode) {
        return FALSE;
    }
    RtlDeleteElementGenericTableAvlEx(Table, place);
    return TRUE;
}

PVOID RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, PVOID *NodeOrParent,
                                          TABLE_SEARCH_RESULT *SearchResult)
{
    PRTL_BALANCED_LINKS place;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    *SearchResult = Search(Table, Buffer, &place);
    *NodeOrParent = place;
    return *SearchResult == TableFoundNode ? Element(place) : NULL;
}

PVOID RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    PVOID place;
    TABLE_SEARCH_RESULT result;

    return RtlLookupElementGenericTableFullAvl(Table, Buffer, &place, &result);
}

PVOID RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, PVOID *RestartKey)
{
    PRTL_BALANCED_LINKS node, before;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    *RestartKey = NULL;
    if (Search(Table, Buffer, &node) != TableFoundNode) {
        return NULL;
    }
    while ((before = Predecessor(node)) != NULL && Compare(Table, Buffer, Element(before)) == GenericEqual) {
        node = before;
    }
    *RestartKey = node;
    return Element(node);
}

PVOID RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID *RestartKey)
{
    PRTL_BALANCED_LINKS node = *RestartKey;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Root(Table) == NULL) {
        return NULL;
    }
    node = node == NULL ? Leftmost(Table) : Successor(node);
    if (node != NULL) {
        *RestartKey = node;
    }
    return Element(node);
}

PVOID RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart)
{
    if (Restart) {
        Table->RestartKey = NULL;
    }
    return RtlEnumerateGenericTableWithoutSplayingAvl(Table, (PVOID *)&Table->RestartKey);
}

/* Continues from the element asked for last, which OrderedPointer and WhichOrderedElement (from 1) remember. */
PVOID RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I)
{
    PRTL_BALANCED_LINKS node = Table->OrderedPointer;
    ULONG at = Table->WhichOrderedElement;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (I >= Table->NumberGenericTableElements) {
        return NULL;
    }
    if (node == NULL) {
        node = Leftmost(Table);
        at = 1;
    }
    for (; at < I + 1; at++) {
        node = Successor(node);
    }
    for (; at > I + 1; at--) {
        node = Predecessor(node);
    }
    Table->OrderedPointer = node;
    Table->WhichOrderedElement = at;
    return Element(node);
}

ULONG RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Table->NumberGenericTableElements;
}

BOOLEAN RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Table->NumberGenericTableElements == 0;
}
