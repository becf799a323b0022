/* SPDX-License-Identifier: MIT */
/* The older name under which drivers ask for the source annotations of sal.h. */
#ifndef OPENMPIO_SPECSTRINGS_H
#define OPENMPIO_SPECSTRINGS_H
#include <sal.h>
#endif
