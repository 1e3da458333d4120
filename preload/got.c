/* SPDX-License-Identifier: Apache-2.0 */
/*
 * madvise mode: puts the functions of hooks.c into the tables through which loaded
 * objects call the allocator. Nothing is exported, so that in prctl mode no call of
 * the program takes another way than without the library, and in madvise mode the
 * allocator that serves a program is always the one the dynamic linker chose.
 */
#include "preload.h"
#include "sys.h"
#include <elf.h>
#include <link.h>
#include <sys/mman.h>

#ifdef __x86_64__
typedef Elf64_Rela reloc;
#define R_SYM(info)  ELF64_R_SYM(info)
#define R_TYPE(info) ELF64_R_TYPE(info)
#define R_JUMP_SLOT  R_X86_64_JUMP_SLOT
#define R_GLOB_DAT   R_X86_64_GLOB_DAT
#define DT_RELOC     DT_RELA
#define DT_RELOCSZ   DT_RELASZ
#define DT_RELATIVES DT_RELACOUNT
#elif defined(__aarch64__)
typedef Elf64_Rela reloc;
#define R_SYM(info)  ELF64_R_SYM(info)
#define R_TYPE(info) ELF64_R_TYPE(info)
#define R_JUMP_SLOT  R_AARCH64_JUMP_SLOT
#define R_GLOB_DAT   R_AARCH64_GLOB_DAT
#define DT_RELOC     DT_RELA
#define DT_RELOCSZ   DT_RELASZ
#define DT_RELATIVES DT_RELACOUNT
#else
typedef Elf32_Rel reloc;
#define R_SYM(info)  ELF32_R_SYM(info)
#define R_TYPE(info) ELF32_R_TYPE(info)
#define R_JUMP_SLOT  R_386_JMP_SLOT
#define R_GLOB_DAT   R_386_GLOB_DAT
#define DT_RELOC     DT_REL
#define DT_RELOCSZ   DT_RELSZ
#define DT_RELATIVES DT_RELCOUNT
#endif

/* libc has it since glibc 2.2.4 and in every musl with a dynamic linker */
/* NOLINTNEXTLINE(readability-redundant-declaration): it is made weak here */
extern __typeof__(dl_iterate_phdr) dl_iterate_phdr __attribute__((weak, visibility("default")));

struct object {
	uintptr_t base, lo, hi; /* what it was moved by, and where it lies */
	uintptr_t relro_lo, relro_hi;
	int by_musl; /* which loaded it */
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint16_t *versions;
	const uint32_t *gnu_hash, *sysv_hash;
	const reloc *relocs[2];
	size_t n_relocs[2];
	size_t first[2]; /* those before it name no symbol */
};

/* Unloading moves objects in the list; until then new ones are at its end. */
static unsigned long long unloaded;
static unsigned seen;

/* glibc has added the base to these already, musl has not. */
static const void *pointer(struct object *o, uintptr_t value)
{
	if (value >= o->base)
		return (const void *)value;
	o->by_musl = 1;
	return (const void *)(o->base + value);
}

static void read_dynamic(struct object *o, const ElfW(Dyn) * d)
{
	for (; d->d_tag != DT_NULL; d++) {
		uintptr_t value = d->d_un.d_val;

		switch (d->d_tag) {
		case DT_SYMTAB:
			o->symbols = pointer(o, value);
			break;
		case DT_STRTAB:
			o->strings = pointer(o, value);
			break;
		case DT_VERSYM:
			o->versions = pointer(o, value);
			break;
		case DT_GNU_HASH:
			o->gnu_hash = pointer(o, value);
			break;
		case DT_HASH:
			o->sysv_hash = pointer(o, value);
			break;
		case DT_JMPREL:
			o->relocs[0] = pointer(o, value);
			break;
		case DT_PLTRELSZ:
			o->n_relocs[0] = value / sizeof(reloc);
			break;
		case DT_RELOC:
			o->relocs[1] = pointer(o, value);
			break;
		case DT_RELOCSZ:
			o->n_relocs[1] = value / sizeof(reloc);
			break;
		case DT_RELATIVES:
			o->first[1] = value;
			break;
		}
	}
}

static int read_object(struct object *o, const struct dl_phdr_info *info)
{
	const ElfW(Dyn) *dynamic = NULL;
	unsigned i;

	*o = (struct object){ .base = info->dlpi_addr, .lo = UINTPTR_MAX };
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t start = o->base + ph->p_vaddr, end = start + ph->p_memsz;

		if (ph->p_type == PT_DYNAMIC)
			dynamic = (const ElfW(Dyn) *)start;
		if (ph->p_type == PT_GNU_RELRO) {
			o->relro_lo = start & -PAGE;
			o->relro_hi = end & -PAGE;
		}
		if (ph->p_type == PT_LOAD) {
			o->lo = start < o->lo ? start : o->lo;
			o->hi = end > o->hi ? end : o->hi;
		}
	}
	if (!dynamic)
		return -1;
	read_dynamic(o, dynamic);
	return o->symbols && o->strings ? 0 : -1;
}

/* The address of a function that the object defines under its default version, or 0. */
static uintptr_t defines(const struct object *o, uint32_t index, const char *name)
{
	const ElfW(Sym) *sym = &o->symbols[index];

	if (sym->st_shndx == SHN_UNDEF || !sym->st_value ||
	    ELF32_ST_TYPE(sym->st_info) != STT_FUNC ||
	    (o->versions && o->versions[index] & 0x8000) ||
	    !same_text(o->strings + sym->st_name, name))
		return 0;
	return o->base + sym->st_value;
}

static uintptr_t lookup_gnu(const struct object *o, const char *name)
{
	const uint32_t *t = o->gnu_hash;
	uint32_t n_buckets = t[0], first = t[1], n_bloom = t[2], hash = 5381, i;
	const uint32_t *buckets = t + 4 + n_bloom * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = buckets + n_buckets;
	const char *c;
	uintptr_t addr;

	for (c = name; *c; c++)
		hash = hash * 33 + (unsigned char)*c;
	i = n_buckets ? buckets[hash % n_buckets] : 0;
	if (i < first)
		return 0;
	do {
		if ((chain[i - first] | 1) == (hash | 1) && (addr = defines(o, i, name)))
			return addr;
	} while (!(chain[i++ - first] & 1));
	return 0;
}

static uintptr_t lookup_sysv(const struct object *o, const char *name)
{
	const uint32_t *buckets = o->sysv_hash + 2, *chain = buckets + o->sysv_hash[0];
	uint32_t hash = 0, i;
	const char *c;
	uintptr_t addr;

	for (c = name; *c; c++) {
		hash = (hash << 4) + (unsigned char)*c;
		hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
	}
	i = o->sysv_hash[0] ? buckets[hash % o->sysv_hash[0]] : 0;
	for (; i; i = chain[i])
		if ((addr = defines(o, i, name)))
			return addr;
	return 0;
}

static uintptr_t symbol_value(const struct object *o, const char *name)
{
	if (o->gnu_hash)
		return lookup_gnu(o, name);
	return o->sysv_hash ? lookup_sysv(o, name) : 0;
}

#define NOWHERE UINTPTR_MAX

/* The objects come in the order in which the dynamic linker searches them. */
static int find_in(struct dl_phdr_info *info, size_t size, void *arg)
{
	const struct hook *hook = arg;
	struct object o;

	(void)size;
	if (read_object(&o, info))
		return 0;
	*hook->real = symbol_value(&o, hook->name);
	return *hook->real != 0;
}

/* Only what a program refers to is searched for. */
static const struct hook *hook_for(const char *name)
{
	const struct hook *hook = hooks_find(name);

	if (hook && !*hook->real && !dl_iterate_phdr(find_in, (void *)hook))
		*hook->real = NOWHERE;
	return hook;
}

/*
 * Only a slot that leads to the function which serves the whole program: bound to it
 * already, or still leading to the object's own stub for lazy binding, which would
 * find it. Not one that an object binds to a function of its own.
 */
static int replaceable(const struct object *o, const struct hook *hook, int type,
		       uintptr_t value, int lazy)
{
	if (value == *hook->real)
		return 1;
	return lazy && *hook->real != NOWHERE && type == R_JUMP_SLOT && value >= o->lo &&
	       value < o->hi && value != symbol_value(o, hook->name);
}

static int in_relro(const struct object *o, uintptr_t slot)
{
	return slot >= o->relro_lo && slot < o->relro_hi;
}

static long protect_relro(const struct object *o, int prot)
{
	return sys3(__NR_mprotect, o->relro_lo, o->relro_hi - o->relro_lo, prot);
}

static void hook_object(const struct object *o, int lazy)
{
	int table, opened = 0;
	size_t i;

	for (table = 0; table < 2; table++) {
		const reloc *r = o->relocs[table];

		for (i = o->first[table]; r && i < o->n_relocs[table]; i++) {
			int type = R_TYPE(r[i].r_info);
			uintptr_t *slot = (uintptr_t *)(o->base + r[i].r_offset);
			const struct hook *hook;

			if (type != R_JUMP_SLOT && type != R_GLOB_DAT)
				continue;
			hook = hook_for(o->strings + o->symbols[R_SYM(r[i].r_info)].st_name);
			if (!hook || !replaceable(o, hook, type, *slot, lazy))
				continue;
			if (in_relro(o, (uintptr_t)slot) && !opened) {
				if (protect_relro(o, PROT_READ | PROT_WRITE))
					return;
				opened = 1;
			}
			__atomic_store_n(slot, hook->replacement, __ATOMIC_RELAXED);
		}
	}
	if (opened)
		protect_relro(o, PROT_READ);
}

static int is_read_only(const struct mapping *m, void *arg)
{
	uintptr_t addr = *(uintptr_t *)arg;

	return addr >= m->lo && addr < m->hi && m->perms[0] == 'r' && m->perms[1] == '-';
}

/*
 * Another thread may be in the middle of loading this object. Its data being
 * protected says that the dynamic linker has written the last of it; before that,
 * protecting it would be fatal to that thread.
 */
static int is_finished(const struct object *o)
{
	uintptr_t addr = o->relro_lo;

	return o->relro_lo >= o->relro_hi || maps_each(is_read_only, &addr) == 1;
}

/*
 * musl does not protect itself, and where the size of a page is known at run time only, the
 * beginning of its first page of data is in the heap (reclaim_gaps() of ldso/dynlink.c, which then
 * knows of no relro). Protecting it would be fatal at the next allocation.
 */
static void leave_musl_open(struct object *o)
{
	uintptr_t own = (uintptr_t)dl_iterate_phdr, addr = o->relro_lo;

	if (o->by_musl && own >= o->lo && own < o->hi && o->relro_lo < o->relro_hi &&
	    maps_each(is_read_only, &addr) != 1)
		o->relro_lo = o->relro_hi = 0;
}

static int hook_initial(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct object o;

	(void)arg;
	seen++;
	if (size > offsetof(struct dl_phdr_info, dlpi_subs))
		unloaded = info->dlpi_subs;
	if (!read_object(&o, info)) {
		leave_musl_open(&o);
		hook_object(&o, 1);
	}
	return 0;
}

struct later {
	unsigned i;
	int lazy, found;
};

static int hook_new(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct later *later = arg;
	struct object o;

	if (size <= offsetof(struct dl_phdr_info, dlpi_subs))
		return 1;
	if (unloaded != info->dlpi_subs) {
		unloaded = info->dlpi_subs;
		seen = 0;
	}
	if (later->i++ < seen)
		return 0;
	if (!read_object(&o, info)) {
		leave_musl_open(&o);
		if (!is_finished(&o))
			return 1;
		hook_object(&o, later->lazy);
	}
	seen = later->i;
	later->found = 1;
	return 0;
}

void got_hook_start(void)
{
	if (!dl_iterate_phdr)
		return;
	dl_iterate_phdr(hook_initial, NULL);
}

/*
 * For objects loaded since; whether there were any. Takes the dynamic linker's lock, so
 * it is for callers that are about to take it anyway, never for an allocation.
 */
int got_hook_later(int lazy)
{
	struct later later = { .lazy = lazy };

	dl_iterate_phdr(hook_new, &later);
	return later.found;
}
