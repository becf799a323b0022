/* SPDX-License-Identifier: MIT */
/* Every way to get a topology file wrong: the line that is named and the words that help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "world/topology.h"

/* Line 1 to 8; the text of a case begins on line 9. */
#define BASE                                                                                        \
    "[machine m]\n[hba h]\nmachine = m\n[array a]\n[lun l]\narray = a\n[link k]\nhba = h\narray = a\n"
#define FIRST 10

struct mistake {
    const char *text;
    unsigned line; /* counted from the case's own first line, 0; -1: before it */
    const char *message;
};

static const struct mistake mistakes[] = {
    /* sections */
    {"[machin x]\n", 0, "did you mean \"machine\"?"},
    {"[zebra]\n", 0, "known: world, machine, hba"},
    {"[machine m]\n", 0, "[machine m]"},
    {"[machine  M]\n", 0, "two [machine M]; the first is on line 1"},
    {"[machine]\n", 0, "needs a name"},
    {"[machine a b]\n", 0, "needs a name"},
    {"[world x]\n", 0, "takes no name"},
    {"[timeline]\n[world]\n[timeline]\n", 2, "timeline"},
    /* keys */
    {"[machine x]\n\ncpu = 2\n", 2, "[machine] has no key \"cpu\"; did you mean \"cpus\"?"},
    {"[hba x]\nmachine = m\nlinkdown-time = 1s\n", 2, "did you mean \"link-down-time\"?"},
    {"[hba x]\nzzzzzzzz = 1s\n", 1, "known: machine, kind, initiator"},
    {"[machine x]\nlone\n", 1, "KEY = VALUE"},
    {"[machine x]\ncpus = 2\ncpus = 3\n", 2, "twice, first on line 11"},
    {"[machine x]\ncpus = 2, 3\n", 1, "cpus takes one value; there are 2"},
    {"[machine x]\ncpus =\n", 1, "cpus takes one value; there are 0"},
    {"[machine x]\nregistry =\n", 1, "at least one value"},
    {"[machine x]\nparameter = A\n", 1, "PathVerifyEnabled, 1"},
    {"[machine x]\nparameter = A, b\n", 1, "b"},
    {"[machine x]\ncpus = two\n", 1, "two"},
    {"[world]\nseed = x\n", 1, "x"},
    /* choices and references */
    {"[hba x]\nkind = nvme\n", 1, "accepted: fc, iscsi, sas"},
    {"[array x]\naccess = odd\n", 1, "accepted: symmetric, implicit, explicit, both or active-passive"},
    {"[lun x]\narray = a\nmedia = disk\n", 2, "accepted: memory, file or null"},
    {"[lun x]\narray = a\nblock-size = 520\n", 2, "block-size"},
    {"[lun x]\narray = a\nblock-size = 1024\n", 2, "accepted: 512 or 4096"},
    {"[lun x]\narray = a\nread-only = maybe\n", 2, "maybe"},
    {"[link x]\nhba = h\narray = a\nports = 2\n", 3, "accepted: all"},
    {"[hba x]\nmachine = n\n", 1, "there is no [machine n] in this file"},
    {"[link x]\nhba = h9\n", 1, "there is no [hba h9] in this file"},
    {"[link x]\nhba = h\narray = b\n", 2, "there is no [array b] in this file"},
    {"[machine n]\n[hba x]\n", 1, "needs machine = NAME"},
    {"[array b]\n[lun x]\n", 1, "needs array = NAME"},
    {"[lun x]\narray = a\nphysical-block = 1536\n", 2, "physical-block of x"},
    {"[lun x]\narray = a\nphysical-block = 32M\n", 2, "times 1, 2, 4 ... 32768"},
    {"[lun x]\narray = a\nphysical-block = 4K\nfirst-aligned = 8\n", 3, "first-aligned of x"},
    /* across sections */
    {"[hba x]\ndev-loss-time = 1s\nlink-down-time = 2s\n", 1, "shorter than its link-down-time"},
    {"[hba x]\ninitiator = 10000000c9000001\n", 1, "is the name of h already"},
    {"[array x]\nnaa = 1\n", 1, "is the number of a already"},
    {"[array x]\ncontrollers = 16\nports-per-controller = 5\n", 2, "at most 64 ports"},
    {"[lun x]\nnumber = 0\n", 1, "a has LUN 0 already"},
    {"[lun x]\nnumber = 16383\ncount = 2\n", 2, "the highest number is 16383"},
    {"[lun x]\nsize = 65537\n", 1, "no multiple of its block-size 512"},
    {"[lun x]\nmedia = file\n", 1, "needs file = NAME"},
    {"[lun x]\nfile = x.img\n", 1, "needs media = file"},
    {"[lun x]\nmedia = file\nfile = x.img\ncount = 2\n", 3, "cannot share one file"},
    {"[lun x]\nserial = 1\ncount = 2\n", 2, "cannot share one serial number"},
    {"[lun x]\nowner = 2\n", 1, "a has controllers 0 to 1"},
    {"[link x]\nport = 2\n", 1, "a has ports 0 to 1"},
    {"[link x]\nport = 1\nports = all\n", 1, "either port = N or ports = all"},
    {"[link x]\nport = 0\n", 1, "connect the same HBA with the same port"},
    {"[link x]\nports = all\n", 0, "connect the same HBA with the same port"},
    {"[load x]\nlun = z*\n", 1, "no LUN has a name like \"z*\""},
    {"[load x]\nspan = 512\n", 1, "span is smaller than io-size"},
    /* real paths */
    {"[path p]\ntarget = iqn.x\n", 0, "[path p] needs portal = ..."},
    {"[path p]\nportal = 127.0.0.1:3260\n", 0, "[path p] needs target = ..."},
    {"[path p]\nportal = 127.0.0.1\ntarget = iqn.x\n", 1, "HOST:PORT"},
    {"[path p]\nportal = h:65536\ntarget = iqn.x\n", 1, "HOST:PORT"},
    {"[path p]\nportal = ::1:3260\ntarget = iqn.x\n", 1, "HOST:PORT"},
    {"[path p]\nportal = h:1\ntarget = disk\n", 2, "begins with iqn."},
    {"[path p]\nportal = h:1\ntarget = iqn.x\nuser = u\n", 3, "user and secret go together"},
    {"[path p]\nportal = h:1\ntarget = iqn.x\ntarget-secret = u\n", 0, "target-secret go together"},
    {"[path p]\nportal = h:1\ntarget = iqn.x\ntarget-user = u\ntarget-secret = v\n", 3, "mutual CHAP"},
    {"[path p]\nhba = h\nportal = h:1\ntarget = iqn.x\n", 1, "is no iSCSI HBA"},
    {"[hba i]\nkind = iscsi\n[link x]\nhba = i\n[path p]\nhba = i\nportal = h:1\ntarget = iqn.x\n", 5,
     "either links or real paths"},
    {"[path h]\nportal = h:1\ntarget = iqn.x\n", 0, "but [hba h] exists"},
    {"[machine n]\n[hba i]\nkind = iscsi\nmachine = n\n[path p]\nhba = i\nmachine = m\nportal = h:1\n"
     "target = iqn.x\n",
     6, "i is an HBA of n, not of m"},
    {"[path p]\nportal = h:1\ntarget = iqn.x\ntimeout = 0\n", 3, "timeout is 0"},
    /* timeline */
    {"[timeline]\nlink h down\n", 1, "TIME = ACTION"},
    {"[timeline]\n5 = link h down\n", 1, "5"},
    {"[timeline]\n25h = link h down\n", 1, "later than a timeline goes"},
    {"[timeline]\n1s = lnik h down\n", 1, "did you mean \"link\"?"},
    {"[timeline]\n1s = explode\n", 1, "accepted actions: link, flap, controller"},
    {"[timeline]\n1s = link h, down\n", 1, "TIME = ACTION"},
    {"[timeline]\n1s = link h\n", 1, "accepted: link HBA [target N] up|down"},
    {"[timeline]\n1s = link h down now\n", 1, "accepted: link HBA [target N] up|down"},
    {"[timeline]\n1s = link\n", 1, "accepted: link HBA"},
    {"[timeline]\n1s = link z down\n", 1, "there is no [hba z]"},
    {"[timeline]\n1s = link h target 1 down\n", 1, "target"},
    {"[timeline]\n1s = link h a b c d e f g h i\n", 1, "at most 8 words"},
    {"[timeline]\n1s = flap h 0 times 1s\n", 1, "count"},
    {"[timeline]\n1s = flap h 10001 times 1s\n", 1, "count"},
    {"[timeline]\n1s = flap h 3 times 0\n", 1, "time 0"},
    {"[timeline]\n1s = flap h 3 1s\n", 1, "COUNT times TIME"},
    {"[timeline]\n1s = controller a 2 down\n", 1, "controller"},
    {"[timeline]\n1s = resize a 0 65537\n", 1, "no multiple"},
    {"[timeline]\n1s = resize a 0 1K\n", 1, "size"},
    {"[timeline]\n1s = unmap a 1\n", 1, "a has no LUN 1"},
    {"[timeline]\n1s = inject a 0 1 2 3/11\n", 1, "KEY/ASC/ASCQ"},
    {"[timeline]\n1s = inject a 0 1 2 3/11/000\n", 1, "KEY/ASC/ASCQ"},
    {"[timeline]\n1s = inject a 0 1000001 2\n", 1, "count"},
    {"[timeline]\n1s = unit-attention a 0 29\n", 1, "ASC/ASCQ"},
    {"[timeline]\n1s = path-fault h busy 1\n", 1, "HBA target N"},
    {"[timeline]\n1s = path-fault h target 0 crash 1\n", 1, "lose-command|"},
    {"[timeline]\n1s = path-fault h target 0 slow 1\n", 1, "lose-command|"},
    {"[timeline]\n1s = path-fault h target 0 late-command 1\n", 1, "late-command COUNT [TIME]"},
    {"[timeline]\n1s = path-fault h target 0 torn 1 1s\n", 1, "lose-command|"},
    {"[timeline]\n1s = power a maybe\n", 1, "accepted: power ARRAY on|off"},
    {"[timeline]\n1s = state a 0 0 sleepy\n", 1, "optimized|non-optimized|standby"},
    {"[timeline]\n1s = port a 0 99 offline\n", 1, "port"},
    {"[timeline]\n1s = wrong-report a bad-state 0\n", 1, "count"},
    {"[timeline]\n1s = map a 0 16384\n", 1, "LUN"},
    {"[timeline]\n1s = map a 0 1 2\n", 1, "accepted: map ARRAY LUN [NUMBER]"},
    {"[timeline]\n1s = ghost a 0 reserve 2\n", 1, "type 2 is obsolete"},
    {"[timeline]\n1s = ghost a 0 reserve 9\n", 1, "reservation type"},
    {"[timeline]\n1s = ghost a 0 haunt\n", 1, "register|unregister"},
    {"[timeline]\n1s = switch nowhere down\n", 1, "fabric = nowhere"},
    {"[timeline]\n1s = expect wonders\n", 1, "accepted: expect errors|none"},
    {"[timeline]\n1s = async-logout h target 0 1s\n", 1, "WAIT RETAIN"},
    {"[hba i]\nkind = iscsi\n[path p]\nhba = i\nportal = h:1\ntarget = iqn.x\n[timeline]\n"
     "1s = path-fault i target 0 busy 1\n",
     7, "they obey link and flap"},
};

static void every_mistake_is_named_with_its_line(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const struct mistake *m = &mistakes[i];
        struct text_error error = {0};
        char text[1000], line[400];
        struct topology *t;

        snprintf(text, sizeof text, BASE "%s", m->text);
        t = topology_parse("t.ini", text, strlen(text), &error);
        text_error_format(&error, line, sizeof line);
        if (t != NULL || error.line != FIRST + m->line || strstr(error.message, m->message) == NULL) {
            print_error("%s-> %s (expected line %u, \"%s\")\n", m->text, t != NULL ? "accepted" : line,
                        FIRST + m->line, m->message);
            wrong++;
        }
        topology_free(t);
    }
    assert_int_equal(wrong, 0);
}

static void list_of_a_machine_ends_at_64(void **state)
{
    char text[4000];
    struct topology *t;
    struct text_error error;

    (void)state;
    strcpy(text, "[machine m]\n");
    for (unsigned i = 0; i < TOPOLOGY_LIST_MAX; i++)
        strcat(text, "claim = x\nparameter = a, 1\n");
    t = topology_parse("t.ini", text, strlen(text), NULL);
    assert_non_null(t);
    topology_free(t);
    strcat(text, "claim = x\n");
    assert_null(topology_parse("t.ini", text, strlen(text), &error));
    assert_int_equal(error.line, 2 + 2 * TOPOLOGY_LIST_MAX);
    strcpy(strrchr(text, 'c'), "parameter = a, 1\n");
    assert_null(topology_parse("t.ini", text, strlen(text), &error));
    assert_non_null(strstr(error.message, "64 parameters"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_named_with_its_line),
        cmocka_unit_test(list_of_a_machine_ends_at_64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
