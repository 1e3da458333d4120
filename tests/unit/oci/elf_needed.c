/* SPDX-License-Identifier: Apache-2.0 */
/* hook/oci/elf_needed.c: this program's own libraries, and files that are cut or wrong everywhere. */
#include "oci/elf_needed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static const char *const libc_names[] = { "libnothing.", "libc.", NULL };
static const char *const others[] = { "libnothing.", "ibc.", NULL };

static void test_own(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char name[64] = "";

	CHECK(elf_needs(fd, libc_names, name, sizeof(name)));
	CHECK_TEXT(name, "libc.so.6");
	CHECK(!elf_needs(fd, others, name, sizeof(name)));
	CHECK(elf_needs(fd, libc_names, name, 5));
	CHECK_TEXT(name, "libc");
	close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK(!elf_needs(fd, libc_names, name, sizeof(name)));
	close(fd);
	CHECK(!elf_needs(-1, libc_names, name, sizeof(name)));
}

/* The headers of a file with nonsense in every place: an answer, and an end. */
static void test_nonsense(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("elf", MFD_CLOEXEC);
	static uint8_t head[4096];
	char name[64];

	CHECK(read(from, head, sizeof(head)) == (ssize_t)sizeof(head));
	close(from);
	for (size_t i = 4; i < 1024; i++) {
		uint8_t was = head[i];

		head[i] = 0xff;
		CHECK(pwrite(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head));
		(void)elf_needs(fd, libc_names, name, sizeof(name));
		head[i] = was;
	}
	for (size_t n = 0; n < sizeof(head); n += 61) {
		CHECK(ftruncate(fd, (off_t)n) == 0);
		(void)elf_needs(fd, libc_names, name, sizeof(name));
	}
	close(fd);
}

int main(void)
{
	RUN(test_own);
	RUN(test_nonsense);
	return check_end();
}
