/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: the preload library's readers of maps and statm, which are without a libc.
 * Input: maps, 0xff, statm. What a kernel writes is read as sscanf(3) reads it.
 */
/* in place of preload/sys.h: one file, in memory */
#define KSM_PRELOAD_SYS_H
#include <asm/unistd.h>

#include "fuzz.h"

static struct fuzz_part maps, statm, *current;
static size_t pieces, done;

static inline long sys5(long n, long a, long b, long c, long d, long e)
{
	(void)a, (void)c, (void)d, (void)e;
	if (n == __NR_openat) {
		current = strcmp((const char *)b, "/proc/self/maps") == 0 ? &maps : &statm;
		done = 0;
	}
	return 3;
}

static inline long sys3(long n, long a, long b, long c)
{
	size_t size = current->size - done < (size_t)c ? current->size - done : (size_t)c;

	(void)a;
	if (n != __NR_read)
		return 0;
	if (pieces && size > pieces)
		size = pieces;
	if (size)
		memcpy((char *)b, current->data + done, size);
	done += size;
	return (long)size;
}

#include "preload/maps.c" /* NOLINT(bugprone-suspicious-include) */

/* As far as a name is looked at in any case: a line's head is HEAD bytes, of which 73 are fields. */
#define NAME_SEEN 64

struct walk {
	char *line; /* what is still to come; NULL: not as a kernel writes it */
	size_t n;
};

static int check_mapping(const struct mapping *map, void *arg)
{
	struct walk *w = arg;
	unsigned long lo, hi, inode;
	char perms[8];
	int name = 0;
	size_t len;

	w->n++;
	/* four characters, and a name that ends: both can be looked at */
	memcpy(perms, map->perms, 4);
	require(memchr(map->name, '\n', HEAD + PAGE + 1) != NULL);
	if (!w->line)
		return 0;
	if (sscanf(w->line, "%lx-%lx %4s %*x %*x:%*x %lu%n", &lo, &hi, perms, &inode, &name) !=
	    4) {
		w->line = NULL;
		return 0;
	}
	name += (int)strspn(w->line + name, " ");
	require(map->lo == lo && map->hi == hi && memcmp(map->perms, perms, 4) == 0);
	require(map->is_file == (inode != 0));
	len = strcspn(w->line + name, "\n");
	len = len < NAME_SEEN ? len : NAME_SEEN;
	require(memcmp(map->name, w->line + name, len) == 0);
	w->line = strchr(w->line, '\n');
	w->line = w->line && w->line[1] ? w->line + 1 : NULL;
	return 0;
}

/* Every line as show_map_vma() has it, fields of usual widths and all. */
static bool is_kernels(const char *text)
{
	for (; *text; text += strcspn(text, "\n") + 1) {
		unsigned long lo, hi, offset, inode;
		unsigned major, minor;
		char perms[8], again[256], *name;
		size_t len = strcspn(text, "\n");
		int n, fields;

		if (text[len] != '\n' ||
		    sscanf(text, "%lx-%lx %4s %lx %x:%x %lu%n", &lo, &hi, perms, &offset,
			   &major, &minor, &inode, &n) != 7 ||
		    (size_t)n > len || strlen(perms) != 4 || strspn(perms, "rwxsp-") != 4)
			return false;
		fields = snprintf(again, sizeof(again), "%08lx-%08lx %s %08lx %02x:%02x %lu",
				  lo, hi, perms, offset, major, minor, inode);
		if (fields != n || memcmp(again, text, (size_t)n) != 0)
			return false;
		/* nothing, or blanks and a name that begins with none of them */
		name = memchr(text + n, ' ', len - (size_t)n);
		if (len > (size_t)n && (text[n] != ' ' || !name))
			return false;
		if (len == (size_t)n + strspn(text + n, " ") && len > (size_t)n + 1)
			return false;
		if ((unsigned char)text[n + (int)strspn(text + n, " ")] < ' ' &&
		    text[n + (int)strspn(text + n, " ")] != '\n')
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part rest = { data, size };
	struct walk w = { NULL, 0 };
	size_t lines = 0;
	char *text;

	maps = fuzz_next(&rest);
	statm = rest;
	pieces = maps.size ? (size_t)maps.data[maps.size - 1] + 1 : 0;
	text = fuzz_text(maps.data, maps.size);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	if (strlen(text) == maps.size && is_kernels(text) && *text)
		w.line = text;
	else
		lines = SIZE_MAX;
	require(maps_each(check_mapping, &w) == 0);
	require(lines == SIZE_MAX || w.n == lines);
	free(text);
	require(maps_size() % PAGE == 0 || maps_size() == UINTPTR_MAX);
	return 0;
}
