/* SPDX-License-Identifier: Apache-2.0 */
/* Which libraries an ELF file names: bounded reads of a file that a tenant may have written. */
#include "oci/elf_needed.h"

#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Far more of either than linkers make, so that a file cannot keep us busy. */
#define SEGMENTS_MAX 64
#define ENTRIES_MAX  512
#define NAME_LEN     64

/* What both classes have of a program header, and of an entry of the dynamic section. */
struct elf_segment {
	uint32_t type;
	uint64_t offset, address, size;
};

struct elf_file {
	int fd;
	bool wide; /* 64 bits */
	uint64_t headers;
	unsigned n;
};

static bool read_exactly(int fd, void *buf, size_t size, uint64_t at)
{
	return at <= INT32_MAX && pread(fd, buf, size, (off_t)at) == (ssize_t)size;
}

static bool open_elf(int fd, struct elf_file *f)
{
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;

	if (!read_exactly(fd, &narrow, sizeof(narrow), 0) ||
	    memcmp(narrow.e_ident, ELFMAG, SELFMAG) != 0)
		return false;
	*f = (struct elf_file){ fd, narrow.e_ident[EI_CLASS] == ELFCLASS64, narrow.e_phoff,
				narrow.e_phnum };
	if (f->wide) {
		if (!read_exactly(fd, &wide, sizeof(wide), 0))
			return false;
		f->headers = wide.e_phoff;
		f->n = wide.e_phnum;
	}
	return f->n <= SEGMENTS_MAX;
}

static bool read_segment(const struct elf_file *f, unsigned i, struct elf_segment *out)
{
	Elf64_Phdr wide;
	Elf32_Phdr narrow;

	if (f->wide) {
		if (!read_exactly(f->fd, &wide, sizeof(wide), f->headers + i * sizeof(wide)))
			return false;
		*out = (struct elf_segment){ wide.p_type, wide.p_offset, wide.p_vaddr,
					     wide.p_filesz };
		return true;
	}
	if (!read_exactly(f->fd, &narrow, sizeof(narrow), f->headers + i * sizeof(narrow)))
		return false;
	*out = (struct elf_segment){ narrow.p_type, narrow.p_offset, narrow.p_vaddr,
				     narrow.p_filesz };
	return true;
}

static bool read_entry(const struct elf_file *f, const struct elf_segment *dynamic, unsigned i,
		       int64_t *tag, uint64_t *value)
{
	Elf64_Dyn wide;
	Elf32_Dyn narrow;
	size_t size = f->wide ? sizeof(wide) : sizeof(narrow);

	if ((i + 1) * size > dynamic->size)
		return false;
	if (f->wide ? !read_exactly(f->fd, &wide, size, dynamic->offset + i * size) :
		      !read_exactly(f->fd, &narrow, size, dynamic->offset + i * size))
		return false;
	*tag = f->wide ? wide.d_tag : narrow.d_tag;
	*value = f->wide ? wide.d_un.d_val : narrow.d_un.d_val;
	return *tag != DT_NULL;
}

/* Where in the file an address of the program lies; 0: nowhere. */
static uint64_t elf_offset_of(const struct elf_file *f, uint64_t address)
{
	struct elf_segment s;

	for (unsigned i = 0; i < f->n && read_segment(f, i, &s); i++) {
		if (s.type == PT_LOAD && address >= s.address && address - s.address < s.size)
			return s.offset + (address - s.address);
	}
	return 0;
}

static bool find_dynamic(const struct elf_file *f, struct elf_segment *out)
{
	for (unsigned i = 0; i < f->n && read_segment(f, i, out); i++) {
		if (out->type == PT_DYNAMIC)
			return true;
	}
	return false;
}

/* The text at a place, or its beginning. */
static bool begins_as(int fd, uint64_t at, const char *const *beginnings, char *out,
		      size_t size)
{
	char name[NAME_LEN + 1];
	ssize_t n = at && at <= INT32_MAX ? pread(fd, name, NAME_LEN, (off_t)at) : -1;

	if (n <= 0)
		return false;
	name[n] = '\0';
	for (; *beginnings; beginnings++) {
		if (strncmp(name, *beginnings, strlen(*beginnings)) == 0) {
			snprintf(out, size, "%s", name);
			return true;
		}
	}
	return false;
}

bool elf_needs(int fd, const char *const *beginnings, char *out, size_t size)
{
	struct elf_segment dynamic;
	uint64_t value, texts = 0;
	struct elf_file f;
	int64_t tag;

	if (!open_elf(fd, &f) || !find_dynamic(&f, &dynamic))
		return false;
	for (unsigned i = 0; i < ENTRIES_MAX && read_entry(&f, &dynamic, i, &tag, &value);
	     i++) {
		if (tag == DT_STRTAB)
			texts = elf_offset_of(&f, value);
	}
	for (unsigned i = 0;
	     texts && i < ENTRIES_MAX && read_entry(&f, &dynamic, i, &tag, &value); i++) {
		if (tag == DT_NEEDED && value <= INT32_MAX &&
		    begins_as(fd, texts + value, beginnings, out, size))
			return true;
	}
	return false;
}
