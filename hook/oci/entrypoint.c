/* SPDX-License-Identifier: Apache-2.0 */
/* Could the program that a container starts load the preload library? */
#include "oci/entrypoint.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "base/patience.h"
#include "base/text.h"
#include "oci/elf_needed.h"

/* What the child says, and patience_run() never does of itself. */
#define PROGRAM_CANNOT 1

/* A program that cannot be looked at in this time counts as one that nothing is known of. */
#define LOOK_TIMEOUT_MS 1000

/* More program headers than any linker makes (13 are usual). */
#define HEADERS_MAX 64

static int read_at(int fd, void *buf, size_t size, off_t at)
{
	ssize_t n = pread(fd, buf, size, at);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -ENOEXEC;
}

/* Program headers of either class begin with p_type. */
static int find_interpreter(int fd, uint64_t at, size_t entry, size_t n, bool *found)
{
	char headers[HEADERS_MAX * sizeof(Elf64_Phdr)];
	int r;

	*found = false;
	if (n > HEADERS_MAX || entry > sizeof(Elf64_Phdr) || at > INT32_MAX)
		return -ENOEXEC;
	r = read_at(fd, headers, n * entry, (off_t)at);
	for (size_t i = 0; r == 0 && i < n; i++) {
		uint32_t type;

		memcpy(&type, headers + i * entry, sizeof(type));
		*found |= type == PT_INTERP;
	}
	return r;
}

int elf_read(int fd, struct elf_kind *out)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr e32;
		Elf64_Ehdr e64;
	} h;
	int r = read_at(fd, &h, sizeof(h.e32), 0);

	*out = (struct elf_kind){ 0 };
	if (r < 0 || memcmp(h.ident, ELFMAG, SELFMAG) != 0)
		return r < 0 ? r : -ENOEXEC;
	out->elf_class = h.ident[EI_CLASS];
	out->data = h.ident[EI_DATA];
	out->machine = h.e32.e_machine; /* at the same place in both */
	if (out->elf_class == ELFCLASS32)
		return find_interpreter(fd, h.e32.e_phoff, sizeof(Elf32_Phdr), h.e32.e_phnum,
					&out->dynamic);
	r = read_at(fd, &h, sizeof(h.e64), 0);
	if (r < 0)
		return r;
	return find_interpreter(fd, h.e64.e_phoff, sizeof(Elf64_Phdr), h.e64.e_phnum,
				&out->dynamic);
}

/* Only regular files are opened: what a device does when it is opened, nobody knows. */
static int open_regular(int fd)
{
	char link[40];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* The path is followed without opening first. */
static int open_inside(int root, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	__cleanup(close_fd) int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

	return open_regular(fd);
}

/* An absolute path of the container. Links and ".." may lead out of a mount: then it is not found. */
static int open_absolute(int root, const struct entrypoint *at, const char *path)
{
	const char *below = at->bind->source[0] ? spec_bind_below(at->bind, path) : NULL;
	__cleanup(close_fd) int fd = -1;

	if (!below)
		return open_inside(root, path);
	fd = open(at->bind->source, O_PATH | O_CLOEXEC);
	if (fd < 0 || strstr(below, "/.."))
		return -1;
	return *below ? open_inside(fd, below) : open_regular(fd);
}

/* The name of a file in a directory, which is relative to cwd, as the name is to the directory. */
static int open_relative(int root, const struct entrypoint *at, const char *dir, int dir_len,
			 const char *name)
{
	const char *from = *dir == '/' ? "" : at->cwd;
	char full[2048];

	if (*dir != '/' && *from != '/')
		return -1;
	if (snprintf(full, sizeof(full), "%s/%.*s/%s", from, dir_len, dir, name) >=
	    (int)sizeof(full))
		return -1;
	return open_absolute(root, at, full);
}

/* As execvp() looks for it. */
static int open_program(int root, const struct entrypoint *at)
{
	const char *path = at->path;

	if (at->program[0] == '/')
		return open_absolute(root, at, at->program);
	if (strchr(at->program, '/'))
		return open_relative(root, at, "", 0, at->program);
	/* an empty directory is cwd, behind the last colon too */
	for (bool more = *path != '\0'; more;) {
		size_t len = strcspn(path, ":");
		int fd = open_relative(root, at, path, (int)len, at->program);

		if (fd >= 0)
			return fd;
		more = path[len] == ':';
		path += len + more;
	}
	return -1;
}

/*
 * AddressSanitizer's runtime ends the program where a library comes before it, as LD_PRELOAD's always
 * do (compiler-rt, AsanCheckDynamicRTPrereqs()). Those of other sanitizers do not mind.
 */
static int check_sanitizer(int fd, const char *program, struct error *err)
{
	static const char *const runtimes[] = { "libasan.", "libclang_rt.asan", NULL };
	char name[40];

	if (!elf_needs(fd, runtimes, name, sizeof(name)))
		return 0;
	return err_reason(
		err, REASON_PRELOAD_SANITIZER,
		err_set(err, ENOEXEC,
			"its program %.127s is built with a sanitizer (%s), which has to be "
			"the first library; the method \"inject\" covers it",
			program, name));
}

/* In the child of patience_run(). */
struct entrypoint_look {
	const struct entrypoint *at;
	const struct elf_kind *preload;
	struct error err;
};

/* 0, or -errno with l->err; what cannot be looked at is no reason against it. */
static int examine_program(struct entrypoint_look *l)
{
	__cleanup(close_fd) int dir = open(l->at->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	__cleanup(close_fd) int fd = dir < 0 ? -1 : open_program(dir, l->at);
	struct elf_kind kind;

	if (fd < 0 || elf_read(fd, &kind) < 0)
		return 0;
	if (kind.elf_class != l->preload->elf_class || kind.data != l->preload->data ||
	    kind.machine != l->preload->machine)
		return err_reason(&l->err, REASON_PRELOAD_ARCHITECTURE,
				  err_set(&l->err, ENOEXEC,
					  "its program %.127s is for another architecture than "
					  "the library",
					  l->at->program));
	if (!kind.dynamic)
		return err_reason(
			&l->err, REASON_PRELOAD_STATIC,
			err_set(&l->err, ENOEXEC,
				"its program %.127s is linked statically and loads no "
				"library; the method \"inject\" covers it",
				l->at->program));
	return check_sanitizer(fd, l->at->program, &l->err);
}

/* With a code of patience_run()'s own, the child may still be writing to l->err. */
static int look_at_entrypoint(void *arg)
{
	return examine_program(arg) < 0 ? PROGRAM_CANNOT : 0;
}

int entrypoint_check(const struct entrypoint *at, const struct elf_kind *library,
		     struct error *err)
{
	struct entrypoint_look *l;
	int r = 0;

	if (at->root[0] != '/' || !at->program[0])
		return 0;
	l = patience_memory(sizeof(*l));
	if (!l)
		return err_set(err, ENOMEM, "memory for a look at %.127s", at->program);
	*l = (struct entrypoint_look){ .at = at, .preload = library };
	/* the root may lie on a file system of the user's own (fuse-overlayfs), who may not answer */
	if (patience_run(look_at_entrypoint, l, LOOK_TIMEOUT_MS) == PROGRAM_CANNOT) {
		*err = l->err;
		r = -ENOEXEC;
	}
	patience_free(l, sizeof(*l));
	return r;
}
