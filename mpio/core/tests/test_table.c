/* SPDX-License-Identifier: MIT */
/*
 * Hash tables of the core: everything is found before, while and after they grow, in order of insertion.
 */
#include "fixture.h"

#define OBJECTS 1000

struct object {
    MPIO_HASHED hashed;
    unsigned number;
};

static struct object objects[OBJECTS];

/* Five objects to a hash; hashes that fall into few buckets of any size. */
static ULONG hash_of(unsigned number)
{
    return number / 5 * 32;
}

static unsigned next_of(const MPIO_TABLE *table, ULONG hash, unsigned after)
{
    PMPIO_HASHED one = MpioTableChain(table, hash);

    for (bool passed = after == OBJECTS; one != NULL; one = one->Next) {
        unsigned number = CONTAINING_RECORD(one, struct object, hashed)->number;

        if (one->Hash == hash && passed) {
            return number;
        }
        passed |= number == after;
    }
    return OBJECTS;
}

static void grow_body(void)
{
    MPIO_TABLE table = {0};

    MpioInitializeTable(&table);
    for (unsigned i = 0; i < OBJECTS; i++) {
        objects[i].number = i;
        MpioTableInsert(&table, &objects[i].hashed, hash_of(i));
        CHECK(table.Count == i + 1);
        CHECK((table.Buckets == table.First) == (i < MPIO_TABLE_FIRST));
    }
    CHECK(table.Mask + 1 == 16 * MPIO_TABLE_FIRST);
    for (unsigned i = 0; i < OBJECTS; i++) {
        CHECK(next_of(&table, hash_of(i), i % 5 == 0 ? OBJECTS : i - 1) == i);
    }
    for (unsigned i = 0; i < OBJECTS; i += 2) {
        MpioTableRemove(&table, &objects[i].hashed);
    }
    CHECK(table.Count == OBJECTS / 2);
    for (unsigned i = 1; i < OBJECTS; i += 10) { /* 1 and 3 of 0..4, 5, 7 and 9 of 5..9 are left */
        CHECK(next_of(&table, hash_of(i), OBJECTS) == i && next_of(&table, hash_of(i), i) == i + 2);
        CHECK(next_of(&table, hash_of(i), i + 2) == OBJECTS);
    }
    MpioFree(table.Buckets);
}

static void table_keeps_order_while_it_grows(void **state)
{
    (void)state;
    expect(grow_body, RULE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table_keeps_order_while_it_grows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
