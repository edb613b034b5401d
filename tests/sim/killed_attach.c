/* SPDX-License-Identifier: MIT */
/* Attaches to it, maps it and reads, as another driver does. */
#include "tests/sim/killed.h"

bool use_imported(struct hlthunk_dmabuf *m)
{
    const struct hlsim_importer *driver = hlsim_importer();
    struct hlsim_attachment *a;
    bool good = true;
    char byte;

    if (!driver || driver->attach(hlthunk_dmabuf_borrow_fd(m), true, &a))
        return true;
    if (!driver->map(a)) {
        good = driver->read(a, 0, &byte, 1) == 1;
        driver->unmap(a);
    }
    driver->detach(a);
    return good;
}
