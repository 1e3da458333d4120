/* SPDX-License-Identifier: Apache-2.0 */
/* Work that may never come back: files of a server (FUSE, NFS) that does not answer. */
#ifndef KSM_PATIENCE_H
#define KSM_PATIENCE_H

#include <stddef.h>

/*
 * Run fn in a child, which has none of our descriptors, since whoever reads our output waits for
 * its last writer (Linux before 5.9: none of the standard ones). Returns what fn returned;
 * -ETIMEDOUT: it has not come back within timeout_ms, and the child is left to itself, as not
 * even SIGKILL need end such a wait; -EIO: it died; -errno: there is no child.
 */
int patience_run(int (*fn)(void *arg), void *arg, int timeout_ms);

/* Memory that the child shares with us, to answer in; zeros. NULL: none. To be given back. */
void *patience_memory(size_t size);
void patience_free(void *memory, size_t size);

#endif
