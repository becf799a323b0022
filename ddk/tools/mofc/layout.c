/* SPDX-License-Identifier: MIT */
/*
 * CIM types in C, and where the members of a block lie: natural alignment in the order of the ids,
 * the same on x86 and x64. A C structure can show one member of variable length, the last; those
 * behind it are left out. Text with MaxLen has a fixed place (byte count, then MaxLen characters).
 */
#include "mofc.h"

#include <string.h>

const struct cim_type_facts cim_types[] = {
    [CIM_UINT8] = {"uint8", "UCHAR", 1, 8, false},
    [CIM_SINT8] = {"sint8", "CHAR", 1, 8, true},
    [CIM_UINT16] = {"uint16", "USHORT", 2, 16, false},
    [CIM_SINT16] = {"sint16", "SHORT", 2, 16, true},
    [CIM_UINT32] = {"uint32", "ULONG", 4, 32, false},
    [CIM_SINT32] = {"sint32", "LONG", 4, 32, true},
    [CIM_UINT64] = {"uint64", "ULONGLONG", 8, 64, false},
    [CIM_SINT64] = {"sint64", "LONGLONG", 8, 64, true},
    [CIM_BOOLEAN] = {"boolean", "BOOLEAN", 1, 0, false},
    [CIM_CHAR16] = {"char16", "WCHAR", 2, 0, false},
    [CIM_REAL32] = {"real32", "float", 4, 0, true},
    [CIM_REAL64] = {"real64", "double", 8, 0, true},
    [CIM_DATETIME] = {"datetime", "WCHAR", 2, 0, false}, /* 25 of them: yyyymmddhhmmss.mmmmmmsutc */
    [CIM_STRING] = {"string", "WCHAR", 2, 0, false},
    [CIM_OBJECT] = {"object", NULL, 0, 0, false},
    [CIM_CLASS] = {NULL, NULL, 0, 0, false},
    [CIM_REF] = {NULL, NULL, 0, 0, false},
    [CIM_VOID] = {"void", NULL, 0, 0, false},
};

struct slot *add_slot(struct mofc *mofc, struct block *block, struct member *member, uint32_t id)
{
    /* Powers of two are when there is no room left. */
    if ((block->count & (block->count - 1)) == 0) {
        struct slot *larger =
            arena_take(mofc, (block->count ? block->count * 2 : 1) * sizeof(*larger));

        if (block->count > 0)
            memcpy(larger, block->slots, block->count * sizeof(*larger));
        block->slots = larger;
    }
    if (++mofc->slots > MOFC_MAX_SLOTS)
        report_fatal(mofc,
                     "more than %u data members, inherited ones counted again; split the sources",
                     MOFC_MAX_SLOTS);
    struct slot *slot = &block->slots[block->count++];
    *slot = (struct slot){.member = member, .id = id};
    return slot;
}

/* The member that counts the elements: an integer that the reader of the block meets first. */
static void find_size_is(struct mofc *mofc, const struct names *names, struct slot *slots, size_t i,
                         const char *owner)
{
    const struct value *size_is = slots[i].member->size_is;
    struct slot *counter = names_find(names, size_is->text);

    if (!counter) {
        report_error(
            mofc, size_is->place,
            "WmiSizeIs(\"%.60s\"): %.60s has no such data member; name the one that holds the "
            "number of elements",
            size_is->text, owner);
    } else if (counter >= &slots[i]) {
        report_error(
            mofc, size_is->place,
            "WmiSizeIs(\"%.60s\"): the counting member must come before the array; give it a "
            "smaller id",
            size_is->text);
    } else if (cim_types[counter->member->type].bits == 0 || counter->member->is_array) {
        report_error(
            mofc, size_is->place,
            "WmiSizeIs(\"%.60s\"): the counting member must be an integer; make it a uint32",
            size_is->text);
    } else {
        slots[i].size_is = counter->member;
    }
}

/* What a slot is when all before it are fixed. Size 0: it has no place in a C structure. */
static void shape(struct slot *slot, uint32_t *alignment)
{
    const struct member *member = slot->member;

    *alignment = cim_types[member->type].size;
    slot->size = *alignment;
    slot->form = member->is_array && !member->has_count ? SLOT_VARIABLE : SLOT_FIXED;
    if (member->type == CIM_STRING) {
        slot->form = member->is_array ? SLOT_VARIABLE : SLOT_TEXT;
        slot->size = member->max_len ? 2 * ((uint64_t)member->max_len + 1) : 0;
    } else if (member->type == CIM_DATETIME) {
        slot->size = 2 * 25;
    } else if (member->type == CIM_CLASS) {
        *alignment = member->class->data.alignment;
        slot->size = member->class->data.size;
    }
    if (slot->form == SLOT_FIXED && member->is_array)
        slot->size *= member->count;
    if (slot->size == 0)
        slot->form = SLOT_OMITTED;
}

void layout_block(struct mofc *mofc, struct block *block, const char *owner)
{
    const struct member *variable_class = NULL;
    bool hidden = false;
    struct names names = {0};

    block->alignment = 1;
    for (size_t i = 0; i < block->count; i++)
        names_add(mofc, &names, block->slots[i].member->name, &block->slots[i]);
    for (size_t i = 0; i < block->count; i++) {
        struct slot *slot = &block->slots[i];
        struct member *member = slot->member;
        uint32_t alignment;

        if (member->size_is)
            find_size_is(mofc, &names, block->slots, i, owner);
        shape(slot, &alignment);
        if (hidden || slot->form == SLOT_OMITTED) {
            slot->form = SLOT_OMITTED;
            hidden = true;
            continue;
        }
        if (variable_class)
            report_warning(
                mofc, member->place,
                "%.60s stands behind %.60s, whose length varies: the C structure is right "
                "for one element only",
                member->name, variable_class->name);
        variable_class = NULL;
        slot->offset = (block->size + alignment - 1) / alignment * alignment;
        block->size = slot->offset + slot->size;
        if (alignment > block->alignment)
            block->alignment = alignment;
        if (block->size > MOFC_MAX_BLOCK) {
            report_error(mofc, member->place,
                         "%.60s becomes larger than %u MiB here; use smaller arrays", owner,
                         MOFC_MAX_BLOCK >> 20);
            block->size = 0;
        }
        hidden = slot->form == SLOT_VARIABLE;
        if (member->type == CIM_CLASS && member->class->data.is_variable) {
            block->is_variable = true;
            variable_class = member;
        }
    }
    block->is_variable |= hidden;
    block->size = (block->size + block->alignment - 1) / block->alignment * block->alignment;
}
