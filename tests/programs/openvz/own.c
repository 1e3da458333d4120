/* SPDX-License-Identifier: Apache-2.0 */
/* A container's own preloaded library: says so in the environment. */
#include <stdlib.h>

__attribute__((constructor)) static void own(void)
{
	setenv("OWN", "own", 1);
}
