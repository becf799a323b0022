/* SPDX-License-Identifier: MIT */
/*
 * RTL_SPLAY_LINKS: rotations, deletion, neighbours. The root is its own parent. The IRQL is the
 * caller's business: the tree lies in its memory, and it guards it. No state.
 */
#include "nt/kernel.h"

static VOID Replace(PRTL_SPLAY_LINKS Old, PRTL_SPLAY_LINKS New)
{
    if (RtlIsRoot(Old)) {
        New->Parent = New;
        return;
    }
    New->Parent = Old->Parent;
    if (RtlIsLeftChild(Old)) {
        Old->Parent->LeftChild = New;
    } else {
        Old->Parent->RightChild = New;
    }
}

/* The node takes its parent's place. */
static VOID RotateUp(PRTL_SPLAY_LINKS Node)
{
    PRTL_SPLAY_LINKS parent = Node->Parent, moved;
    BOOLEAN left = RtlIsLeftChild(Node);

    Replace(parent, Node);
    moved = left ? Node->RightChild : Node->LeftChild;
    if (left) {
        parent->LeftChild = moved;
        Node->RightChild = parent;
    } else {
        parent->RightChild = moved;
        Node->LeftChild = parent;
    }
    if (moved != NULL) {
        moved->Parent = parent;
    }
    parent->Parent = Node;
}

PRTL_SPLAY_LINKS RtlSplay(PRTL_SPLAY_LINKS Links)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    while (!RtlIsRoot(Links)) {
        PRTL_SPLAY_LINKS parent = Links->Parent;

        if (!RtlIsRoot(parent)) {
            RotateUp(RtlIsLeftChild(parent) == RtlIsLeftChild(Links) ? parent : Links);
        }
        RotateUp(Links);
    }
    return Links;
}

PRTL_SPLAY_LINKS RtlSubtreeSuccessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS node = Links->RightChild;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    while (node != NULL && node->LeftChild != NULL) {
        node = node->LeftChild;
    }
    return node;
}

PRTL_SPLAY_LINKS RtlSubtreePredecessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS node = Links->LeftChild;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    while (node != NULL && node->RightChild != NULL) {
        node = node->RightChild;
    }
    return node;
}

PRTL_SPLAY_LINKS RtlRealSuccessor(PRTL_SPLAY_LINKS Links)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Links->RightChild != NULL) {
        return RtlSubtreeSuccessor(Links);
    }
    while (!RtlIsRoot(Links) && RtlIsRightChild(Links)) {
        Links = Links->Parent;
    }
    return RtlIsRoot(Links) ? NULL : Links->Parent;
}

PRTL_SPLAY_LINKS RtlRealPredecessor(PRTL_SPLAY_LINKS Links)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Links->LeftChild != NULL) {
        return RtlSubtreePredecessor(Links);
    }
    while (!RtlIsRoot(Links) && RtlIsLeftChild(Links)) {
        Links = Links->Parent;
    }
    return RtlIsRoot(Links) ? NULL : Links->Parent;
}

/* Takes the node out; answers where it was: its former parent, or the new root when it was the root. */
static PRTL_SPLAY_LINKS Remove(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS parent = RtlIsRoot(Links) ? NULL : Links->Parent, heir;

    if (Links->LeftChild != NULL && Links->RightChild != NULL) {
        heir = RtlSubtreePredecessor(Links);
        Remove(heir); /* it has no right child */
        heir->LeftChild = Links->LeftChild;
        heir->RightChild = Links->RightChild;
        if (heir->LeftChild != NULL) {
            heir->LeftChild->Parent = heir;
        }
        heir->RightChild->Parent = heir;
        Replace(Links, heir);
        return heir;
    }
    heir = Links->LeftChild != NULL ? Links->LeftChild : Links->RightChild;
    if (heir != NULL) {
        Replace(Links, heir);
    } else if (parent != NULL && RtlIsLeftChild(Links)) {
        parent->LeftChild = NULL;
    } else if (parent != NULL) {
        parent->RightChild = NULL;
    }
    return parent != NULL ? parent : heir;
}

PRTL_SPLAY_LINKS RtlDelete(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS near;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    near = Remove(Links);
    return near == NULL ? NULL : RtlSplay(near);
}

VOID RtlDeleteNoSplay(PRTL_SPLAY_LINKS Links, PRTL_SPLAY_LINKS *Root)
{
    PRTL_SPLAY_LINKS near;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    near = Remove(Links);
    while (near != NULL && !RtlIsRoot(near)) {
        near = near->Parent;
    }
    *Root = near;
}
