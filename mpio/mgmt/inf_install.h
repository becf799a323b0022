/* SPDX-License-Identifier: MIT */
/*
 * Installing a driver information file into a registry image, and taking it out again. What an installation changed
 * is kept in the registry itself, below HKLM\SOFTWARE\OpenMPIO\Installed\<file name>: one key per change, with what
 * was before and after as values of their own types. A function that fails leaves the image half changed: drop it.
 */
#ifndef MPIO_MGMT_INF_INSTALL_H
#define MPIO_MGMT_INF_INSTALL_H

#include "mgmt/inf.h"
#include "mgmt/registry_image.h"

enum inf_outcome { INF_INSTALLED, INF_UPGRADED, INF_ALREADY_THERE };

/* Applies the plan. `image_hash` names the file's bytes (inf_hash). An installation of another version or other bytes
 * under the same file name is taken out first. *said (may be NULL) receives lines about what was done. */
bool inf_install(struct registry_image *image, const struct inf_plan *plan, const struct inf_target *target,
                 uint64_t image_hash, enum inf_outcome *outcome, struct buffer *said, struct text_error *error);
/* Undoes an installation by its name: FILE.inf with or without directories, with or without suffix. *found tells
 * whether it is installed at all; it is no error when not. */
bool inf_uninstall(struct registry_image *image, const char *name, bool *found, struct buffer *said,
                   struct text_error *error);
/* Applies the plan without keeping what was before: [DefaultUninstall] of a file that was not installed by us. */
bool inf_apply(struct registry_image *image, const struct inf_plan *plan, struct text_error *error);
/* Appends what the plan does, a line each: model, services, device ids, secured classes, files, and the notes. */
bool inf_describe(const struct inf_plan *plan, struct buffer *out);

uint64_t inf_hash(const char *image, size_t length);

#endif
