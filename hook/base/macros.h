/* SPDX-License-Identifier: Apache-2.0 */
/* Three words that the compiler or the C library lacks. */
#ifndef KSM_MACROS_H
#define KSM_MACROS_H

#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))
#define __cleanup(f)   __attribute__((cleanup(f)))
#define __printf(f, v) __attribute__((format(printf, f, v)))

#endif
