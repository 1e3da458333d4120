/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process has its mappings, so that a pointer can be told without the layout's addresses. */
#include "kernel/own_mappings.h"

#include <string.h>

#include "base/text.h"
#include "kernel/maps.h"

/*
 * The heap of small programs begins behind the program's data, and a C library's data go on in
 * memory without a file: both move with the file. What is larger has been mapped for itself.
 */
#define BSS_MAX (1ull << 20)

/* Where the kernel puts a program by itself, two thirds of the way up to the stack, to this (ELF_ET_DYN_BASE). */
#define PROGRAM_ALIGN (1ull << 16)

/* Into what is larger text points by chance: MariaDB reserves 8 TiB for its buffer pool, and "xxxxxx" lies in it. */
#define MOVES_MAX (1ull << 36)

/* Names are tenants' words. Who lies about them makes an estimate wrong, and gets nothing by it. */
void own_mappings_add(struct own_mappings *o, const char *line)
{
	const struct own_mapping *before = o->n ? &o->m[o->n - 1] : NULL;
	struct own_mapping m = { 0 };
	struct maps_line l;

	if (!maps_line_parse(line, &l) || !l.name || l.offset > MAPS_ADDRESS_END ||
	    o->n == OWN_MAPPINGS_MAX || (before && l.start < before->end))
		return;
	m.start = m.base = l.start;
	m.end = l.end;
	if (strcmp(l.name, "[stack]") == 0) {
		m.is_stack = true;
		m.name = text_hash(l.name);
	} else if (*l.name == '/') {
		m.name = text_hash(l.name);
		m.base = m.start - l.offset;
		m.is_file = true;
	} else if (*l.name == '[' && strncmp(l.name, "[anon", 5) != 0) {
		m.name = text_hash(l.name);
		m.moves = strcmp(l.name, "[heap]") == 0;
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

/*
 * What lies lower was put there by the program: one that is not position-independent, Go's and Java's
 * heaps. Those have the same addresses in all containers, whatever their layout. Not so what it allocates by
 * brk(2).
 */
static void find_what_moves(struct own_mappings *o)
{
	uint64_t from = UINT64_MAX;

	for (size_t i = 0; i < o->n; i++) {
		if (o->m[i].is_stack)
			from = o->m[i].end / 3 * 2 / PROGRAM_ALIGN * PROGRAM_ALIGN;
	}
	for (size_t i = 0; i < o->n; i++)
		o->m[i].moves |=
			o->m[i].start >= from && o->m[i].end - o->m[i].start <= MOVES_MAX;
}

void own_mappings_finish(struct own_mappings *o)
{
	uint64_t number = 0;

	find_what_moves(o);

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

bool own_mappings_in_page(struct own_mappings *o, const char *content, size_t size)
{
	for (size_t i = 0; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
		const struct own_mapping *m;
		uint64_t word;

		memcpy(&word, content + i, sizeof(word));
		m = mapping_at(o, word);
		if (m && m->moves)
			return true;
	}
	return false;
}

uint64_t own_mappings_program(const struct own_mappings *o)
{
	for (size_t i = 0; i < o->n; i++) {
		if (o->m[i].is_file)
			return o->m[i].name;
	}
	return 0;
}

static bool add_line(void *arg, const char *line)
{
	struct own_mappings *o = arg;

	own_mappings_add(o, line);
	return o->n < OWN_MAPPINGS_MAX;
}

void own_mappings_read(struct own_mappings *o, pid_t pid)
{
	o->n = o->last = 0;
	(void)maps_each_line(pid, add_line, o);
	own_mappings_finish(o);
}
