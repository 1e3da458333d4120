/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the headers of a program in a container. */
#include <fcntl.h>

#include <elf.h>

#include "base/io.h"
#include "fuzz.h"
#include "oci/entrypoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_kind kind;
	int fd;

	fake_file("/program", data, size);
	fd = open("/program", O_RDONLY | O_CLOEXEC);
	if (elf_read(fd, &kind) == 0) {
		require(size >= EI_NIDENT && memcmp(data, ELFMAG, SELFMAG) == 0);
		require(kind.elf_class == data[EI_CLASS] && kind.data == data[EI_DATA]);
	}
	close(fd);
	fake_forget();
	return 0;
}
