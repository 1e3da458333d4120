/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /proc/self/maps, of any length and with lines of any length. */
#include "preload.h"
#include "sys.h"
#include <fcntl.h>

/* A line up to where its name begins, and as much of the name as anyone looks at. */
#define HEAD 256
#define READ 4096 /* the kernel gives as much at once, or a page if that is more */

/* Static, because an allocation may come from a signal handler's small stack; only
 * the thread that holds the lock of advise.c reads into it. The byte more is a newline
 * that ends every loop here, whatever a kernel writes. */
static char buffer[READ + HEAD + 1];

struct maps_reader {
	long fd;
	char *at, *end;
};

/* What is left moves to the front and more is read behind it; 0 at the end. */
static int fill_buffer(struct maps_reader *r)
{
	char *to = buffer;
	long len;

	while (r->at < r->end)
		*to++ = *r->at++;
	len = sys3(__NR_read, r->fd, (long)to, buffer + sizeof(buffer) - 1 - to);
	r->at = buffer;
	r->end = len > 0 ? to + len : to;
	*r->end = '\n';
	return len > 0;
}

static uintptr_t hex(char **at)
{
	uintptr_t v = 0;
	char c;

	for (; (c = **at) > ' ' && c != '-'; ++*at)
		v = v << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
	*at += c != '\n';
	return v;
}

static void skip_field(char **at)
{
	while (**at > ' ')
		++*at;
	while (**at == ' ')
		++*at;
}

/* lo-hi perms offset device inode name */
static void parse(struct maps_reader *r, struct mapping *map)
{
	char **at = &r->at;

	map->lo = hex(at);
	map->hi = hex(at);
	map->perms = *at;
	skip_field(at);
	/* no kernel cuts a line here, but whatever stands in for /proc may */
	if (*at - map->perms < 4)
		map->perms = "----";
	skip_field(at);
	skip_field(at);
	map->is_file = **at != '0';
	skip_field(at);
	map->name = *at;
}

/*
 * -1 if the file cannot be had: no /proc (chroot), no descriptor left, or only one of
 * the standard three, which another thread may be about to fill by number.
 */
static long open_proc(const char *path)
{
	long fd = sys5(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0);

	if (fd >= 0 && fd < 3)
		sys3(__NR_close, fd, 0, 0);
	return fd < 3 ? -1 : fd;
}

/* The bytes of all mappings together (proc(5), statm); UINTPTR_MAX if that is not told. */
uintptr_t maps_size(void)
{
	uintptr_t pages = 0;
	char text[32] = "", *c;
	long fd = open_proc("/proc/self/statm"), len;

	if (fd < 0)
		return UINTPTR_MAX;
	len = sys3(__NR_read, fd, (long)text, sizeof(text));
	sys3(__NR_close, fd, 0, 0);
	for (c = text; c - text < len && *c >= '0' && *c <= '9'; c++)
		pages = pages * 10 + *c - '0';
	return pages && pages < UINTPTR_MAX / PAGE ? pages * PAGE : UINTPTR_MAX;
}

/*
 * Calls fn with each mapping until it returns non-zero, and returns that; -1 if the
 * file cannot be had.
 */
int maps_each(maps_fn fn, void *arg)
{
	struct maps_reader r = { .at = buffer, .end = buffer };
	struct mapping map;
	int ret = 0, more = 1;

	r.fd = open_proc("/proc/self/maps");
	if (r.fd < 0)
		return -1;
	while (!ret) {
		while (more && r.end - r.at < HEAD)
			more = fill_buffer(&r);
		if (r.at >= r.end)
			break;
		parse(&r, &map);
		ret = fn(&map, arg);
		while (r.at < r.end && *r.at != '\n')
			if (++r.at == r.end && more)
				more = fill_buffer(&r);
		r.at++;
	}
	sys3(__NR_close, r.fd, 0, 0);
	return ret;
}
