/* SPDX-License-Identifier: MIT */
/* In place of target.c in builds without libgcrypt and BSD sockets (Windows, other processors). */
#include <stdio.h>

#include "cli/cli.h"

int command_target(int argc, char **argv)
{
    (void)argc, (void)argv;
    fprintf(stderr, "mpio target: this build has no iSCSI target (it lacks libgcrypt); serve the topology with mpio for x64 Linux, "
                    "which hosts on other machines reach with --listen ADDRESS:PORT and CHAP\n");
    return 2;
}
