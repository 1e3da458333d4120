/* SPDX-License-Identifier: Apache-2.0 */
/* The name of an LXC container by the process that starts it, which its configuration cannot choose. */
#ifndef KSM_LXC_MONITOR_H
#define KSM_LXC_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Pure: from the text of a /proc/PID/cmdline, of len bytes: "[lxc monitor] LXCPATH NAME", as
 * the process calls itself (lxccontainer.c, do_lxcapi_start), or lxc-start and lxc-execute in
 * the foreground with -n NAME or --name NAME. False where it is none of these, or where the
 * name does not stand out or fit.
 */
bool lxc_monitor_name(const char *cmdline, size_t len, char *name, size_t size);

/* The same of the parent of a container's init, by its number under /proc. */
bool lxc_monitor_find(pid_t init, char *name, size_t size);

#endif
