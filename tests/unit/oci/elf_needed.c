/* SPDX-License-Identifier: Apache-2.0 */
/* hook/oci/elf_needed.c: this program's own libraries, and files that are cut or wrong everywhere. */
#include "oci/elf_needed.h"

#include <elf.h>
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

/*
 * A file of ours: program headers, the dynamic section and its texts, loaded at addresses that are
 * no offsets. size: of the dynamic section, in entries; 0: all.
 */
#define LOAD_AT   0x10000
#define DYNAMIC   0x200
#define TEXTS     0x300
#define OTHER     0x400
#define FILE_SIZE 0x600

static int make_elf(bool wide, size_t entries, const int64_t (*entry)[2])
{
	static uint8_t image[FILE_SIZE];
	int fd = memfd_create("elf", MFD_CLOEXEC);
	size_t size = entries * (wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn));

	memset(image, 0, sizeof(image));
	for (size_t i = 0; i < SELFMAG; i++)
		image[i] = (uint8_t)ELFMAG[i];
	image[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
	if (wide) {
		Elf64_Ehdr *h = (Elf64_Ehdr *)image;
		Elf64_Phdr *p = (Elf64_Phdr *)(image + sizeof(*h));

		h->e_phoff = sizeof(*h);
		h->e_phnum = 4;
		/* not where the texts are: one that ends before, one that is no part of memory */
		p[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
				     .p_vaddr = LOAD_AT,
				     .p_offset = OTHER,
				     .p_filesz = TEXTS };
		p[1] = (Elf64_Phdr){ .p_type = PT_NOTE,
				     .p_vaddr = LOAD_AT,
				     .p_offset = OTHER,
				     .p_filesz = FILE_SIZE };
		p[2] = (Elf64_Phdr){ .p_type = PT_LOAD,
				     .p_vaddr = LOAD_AT + TEXTS,
				     .p_offset = TEXTS,
				     .p_filesz = 0x100 };
		p[3] = (Elf64_Phdr){ .p_type = PT_DYNAMIC,
				     .p_offset = DYNAMIC,
				     .p_filesz = size };
	} else {
		Elf32_Ehdr *h = (Elf32_Ehdr *)image;
		Elf32_Phdr *p = (Elf32_Phdr *)(image + sizeof(*h));

		h->e_phoff = sizeof(*h);
		h->e_phnum = 4;
		p[0] = (Elf32_Phdr){ .p_type = PT_LOAD,
				     .p_vaddr = LOAD_AT,
				     .p_offset = OTHER,
				     .p_filesz = TEXTS };
		p[1] = (Elf32_Phdr){ .p_type = PT_NOTE,
				     .p_vaddr = LOAD_AT,
				     .p_offset = OTHER,
				     .p_filesz = FILE_SIZE };
		p[2] = (Elf32_Phdr){ .p_type = PT_LOAD,
				     .p_vaddr = LOAD_AT + TEXTS,
				     .p_offset = TEXTS,
				     .p_filesz = 0x100 };
		p[3] = (Elf32_Phdr){ .p_type = PT_DYNAMIC,
				     .p_offset = DYNAMIC,
				     .p_filesz = (Elf32_Word)size };
	}
	for (size_t i = 0; entry[i][0] != DT_NULL; i++) {
		Elf64_Dyn *w = (Elf64_Dyn *)(image + DYNAMIC) + i;
		Elf32_Dyn *n = (Elf32_Dyn *)(image + DYNAMIC) + i;

		if (wide)
			*w = (Elf64_Dyn){ entry[i][0], { (Elf64_Xword)entry[i][1] } };
		else
			*n = (Elf32_Dyn){ (Elf32_Sword)entry[i][0],
					  { (Elf32_Word)entry[i][1] } };
	}
	snprintf((char *)image + TEXTS + 1, 32, "libc.so.6");
	snprintf((char *)image + TEXTS + 20, 32, "libm.so.6");
	snprintf((char *)image + OTHER + 1, 32, "libc.wrong");
	if (write(fd, image, sizeof(image)) != (ssize_t)sizeof(image))
		abort();
	return fd;
}

static void test_made(void)
{
	static const int64_t entry[][2] = { { DT_NEEDED, 20 },
					    { DT_STRTAB, LOAD_AT + TEXTS },
					    { DT_SONAME, 1 },
					    { DT_NEEDED, 1 },
					    { DT_NULL, 0 } };
	static const int64_t odd[][2] = { { DT_STRTAB, LOAD_AT + TEXTS },
					  { DT_NEEDED, (int64_t)INT32_MAX + 1 },
					  { DT_NEEDED, 0x7fffffff },
					  { DT_NULL, 0 } };
	static const int64_t outside[][2] = { { DT_STRTAB, LOAD_AT + TEXTS + 0x100 },
					      { DT_NEEDED, 1 },
					      { DT_NULL, 0 } };
	static const char *const libm[] = { "libm.", NULL };

	for (int wide = 0; wide < 2; wide++) {
		char name[64] = "";
		int fd = make_elf(wide, 5, entry);

		check_case = wide ? "64 bits" : "32 bits";
		CHECK(elf_needs(fd, libc_names, name, sizeof(name)));
		CHECK_TEXT(name, "libc.so.6");
		CHECK(elf_needs(fd, libm, name, sizeof(name)));
		CHECK_TEXT(name, "libm.so.6");
		CHECK(!elf_needs(fd, others, name, sizeof(name)));
		close(fd);
		/* what stands behind the section's end is none of it */
		fd = make_elf(wide, 4, entry);
		CHECK(elf_needs(fd, libc_names, name, sizeof(name)));
		close(fd);
		fd = make_elf(wide, 3, entry);
		CHECK(!elf_needs(fd, libc_names, name, sizeof(name)));
		CHECK(elf_needs(fd, libm, name, sizeof(name)));
		close(fd);
		fd = make_elf(wide, 0, entry);
		CHECK(!elf_needs(fd, libm, name, sizeof(name)));
		close(fd);
		fd = make_elf(wide, 5, odd);
		CHECK(!elf_needs(fd, libc_names, name, sizeof(name)));
		close(fd);
		fd = make_elf(wide, 5, outside);
		CHECK(!elf_needs(fd, libc_names, name, sizeof(name)));
		close(fd);
	}
	check_case = "";
}

int main(void)
{
	RUN(test_made);
	RUN(test_own);
	RUN(test_nonsense);
	return check_end();
}
