/* SPDX-License-Identifier: MIT */
#include "diag/root.h"

#include <errno.h>
#include <string.h>

#include "lib/error.h"
#include "lib/kernel/tree.h"

int hl_root_check(const char *option, const char **root)
{
    int rc;

    if (!option) {
        *root = "";
        return 0;
    }
    if (!*option || strlen(option) > HL_TREE_PATH / 2)
        return hl_err(-EINVAL, "options->root is %s", *option ? "too long" : "empty");
    rc = hl_tree_exists(option, "/.");
    if (rc <= 0)
        return hl_err(rc ? rc : -ENOENT, "options->root \"%.200s\" is not a folder: %s", option,
                      strerror(rc ? -rc : ENOENT));
    *root = option;
    return 0;
}
