/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process has its mappings, so that a pointer can be told without the layout's addresses. */
#include "estimate/own_mappings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/watched.h"

/* Names are tenants' words. Who lies about them makes an estimate wrong, and gets nothing by it. */
#define LINE_SIZE 1024

/*
 * The heap of small programs begins behind the program's data, and a C library's data go on in
 * memory without a file: both move with the file. What is larger has been mapped for itself.
 */
#define BSS_MAX (1ull << 20)

/* No process has addresses above it (five levels of page tables). */
#define ADDRESS_END (1ull << 57)

static const char *read_hex(const char *at, char behind, uint64_t *out)
{
	size_t n = strspn(at, "0123456789abcdef");

	if (n == 0 || n > 16 || at[n] != behind)
		return NULL;
	*out = strtoull(at, NULL, 16);
	return at + n + 1;
}

/* FNV-1a: that names are few and differ is enough. */
static uint64_t hash_name(const char *name)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3ull;
	return h;
}

/* Behind the mode and the offset: device, inode, and a name that may be missing. */
static const char *mapping_name(const char *at)
{
	for (int i = 0; i < 2; i++) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	return at;
}

void own_mappings_add(struct own_mappings *o, const char *line)
{
	const struct own_mapping *before = o->n ? &o->m[o->n - 1] : NULL;
	struct own_mapping m = { 0 };
	const char *at, *name;
	uint64_t offset;

	at = read_hex(line, '-', &m.start);
	at = at ? read_hex(at, ' ', &m.end) : NULL;
	if (!at || strspn(at, "rwxps-") != 4 || at[4] != ' ')
		return;
	at = read_hex(at + 5, ' ', &offset);
	if (!at || m.end <= m.start || m.end > ADDRESS_END || offset > ADDRESS_END ||
	    o->n == OWN_MAPPINGS_MAX || (before && m.start < before->end))
		return;
	name = mapping_name(at);
	m.base = m.start;
	if (strcmp(name, "[stack]") == 0) {
		m.is_stack = true;
		m.name = hash_name(name);
	} else if (*name == '/') {
		m.name = hash_name(name);
		m.base = m.start - offset;
		m.is_file = true;
	} else if (*name == '[' && strncmp(name, "[anon", 5) != 0) {
		m.name = hash_name(name);
	} else if (before && !before->is_anonymous && before->end == m.start &&
		   m.end - m.start <= BSS_MAX) {
		m.name = before->name ^ 1;
		m.is_anonymous = true;
	} else {
		/* from its end: the kernel makes one larger downwards */
		m.base = m.end;
		m.is_anonymous = true;
	}
	o->m[o->n++] = m;
}

void own_mappings_finish(struct own_mappings *o)
{
	uint64_t number = 0;

	/* from the top, as the kernel gives out addresses: a program's first ones have the same numbers */
	for (size_t i = o->n; i-- > 0;) {
		if (!o->m[i].name)
			o->m[i].name = ++number << 48 | 1ull << 47;
	}
}

static const struct own_mapping *mapping_at(struct own_mappings *o, uint64_t address)
{
	size_t low = 0, high = o->n;

	if (o->n == 0 || address < o->m[0].start || address >= o->m[o->n - 1].end)
		return NULL;
	/* most point to where the one before did */
	if (address >= o->m[o->last].start && address < o->m[o->last].end)
		return &o->m[o->last];
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (o->m[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (o->m[low].start > address)
		return NULL;
	o->last = low;
	return &o->m[low];
}

uint64_t own_mappings_mask(struct own_mappings *o, uint64_t word)
{
	const struct own_mapping *m = mapping_at(o, word);

	if (!m)
		return word;
	/* how far down a stack begins is random too, by less than a page */
	return m->is_stack ? m->name : m->name + (word - m->base);
}

uint64_t own_mappings_program(const struct own_mappings *o)
{
	for (size_t i = 0; i < o->n; i++) {
		if (o->m[i].is_file)
			return o->m[i].name;
	}
	return 0;
}

void own_mappings_read(struct own_mappings *o, pid_t pid)
{
	char path[32], line[LINE_SIZE];
	bool whole = true;
	FILE *f;

	o->n = o->last = 0;
	if (!watched_enter(pid))
		return;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		bool begins = whole;

		watched_goes_on();
		/* the rest of a long line is a file's name, which may look like one of these */
		whole = strchr(line, '\n');
		line[strcspn(line, "\n")] = '\0';
		if (begins)
			own_mappings_add(o, line);
	}
	if (f)
		fclose(f);
	watched_leave();
	own_mappings_finish(o);
}
