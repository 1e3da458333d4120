/* SPDX-License-Identifier: Apache-2.0 */
/* A line of LXC's configuration that calls the hook. */
#ifndef KSM_LXC_LINE_H
#define KSM_LXC_LINE_H

/*
 * The program, an absolute path, of an lxc.hook.mount or lxc.hook.start-host line whose first
 * argument is "lxc"; the line is cut after it. NULL for any other.
 */
const char *lxc_line_program(char *line);

#endif
