/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /proc/self/maps, of any length and with lines of any length. */
#include "preload.h"
#include "sys.h"
#include <fcntl.h>

enum field { F_LO, F_HI, F_PERMS, F_OFFSET, F_DEV, F_INODE, F_BLANKS, F_NAME };

/* A byte at a time, so it does not matter where a read ends. */
struct reader {
	enum field field;
	unsigned n;
	struct mapping map;
};

/* Static, because an allocation may come from a signal handler's small stack; only
 * the thread that holds the lock of mark.c reads into it. */
static char buffer[PAGE];

static uintptr_t digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void next_field(struct reader *r)
{
	r->field++;
	r->n = 0;
}

/* 1 when the line is complete */
static int feed(struct reader *r, char c)
{
	struct mapping *map = &r->map;

	if (c == '\n') {
		map->name[r->field == F_NAME ? r->n : 0] = '\0';
		return 1;
	}
	switch (r->field) {
	case F_LO:
		if (c == '-')
			next_field(r);
		else
			map->lo = map->lo << 4 | digit(c);
		break;
	case F_HI:
		if (c == ' ')
			next_field(r);
		else
			map->hi = map->hi << 4 | digit(c);
		break;
	case F_PERMS:
		if (c == ' ')
			next_field(r);
		else if (r->n < sizeof(map->perms) - 1)
			map->perms[r->n++] = c;
		break;
	case F_OFFSET:
	case F_DEV:
		if (c == ' ')
			next_field(r);
		break;
	case F_INODE:
		if (c == ' ')
			next_field(r);
		else
			map->inode = map->inode * 10 + (c - '0');
		break;
	case F_BLANKS:
		if (c == ' ')
			break;
		next_field(r);
		/* fall through */
	case F_NAME:
		if (r->n < sizeof(map->name) - 1)
			map->name[r->n++] = c;
		break;
	}
	return 0;
}

static void new_line(struct reader *r)
{
	r->field = F_LO;
	r->n = 0;
	r->map.lo = r->map.hi = 0;
	r->map.inode = 0;
	r->map.name[0] = '\0';
}

/*
 * Calls fn with each mapping until it returns non-zero, and returns that; -1 if the
 * file cannot be had: no /proc (chroot), no descriptor left, or only one of the
 * standard three, which another thread may be about to fill by number.
 */
int maps_each(maps_fn fn, void *arg)
{
	struct reader r;
	long fd, len, i;
	int ret = 0;

	fd = sys5(__NR_openat, AT_FDCWD, (long)"/proc/self/maps", O_RDONLY | O_CLOEXEC, 0, 0);
	if (fd < 0)
		return -1;
	if (fd < 3) {
		sys3(__NR_close, fd, 0, 0);
		return -1;
	}
	new_line(&r);
	while (!ret && (len = sys3(__NR_read, fd, (long)buffer, sizeof(buffer))) > 0) {
		for (i = 0; i < len && !ret; i++) {
			if (!feed(&r, buffer[i]))
				continue;
			ret = fn(&r.map, arg);
			new_line(&r);
		}
	}
	sys3(__NR_close, fd, 0, 0);
	return ret;
}
