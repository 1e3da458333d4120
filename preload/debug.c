/* SPDX-License-Identifier: Apache-2.0 */
/* KSM_PRELOAD_DEBUG=1: says on stderr what was made mergeable. */
#include "preload.h"
#include "sys.h"

struct line {
	char text[160];
	unsigned n;
};

static void put(struct line *l, const char *s)
{
	while (*s && l->n < sizeof(l->text))
		l->text[l->n++] = *s++;
}

/* The kernel escapes a newline in a file's name and nothing else: stderr may be a terminal. */
static void put_name(struct line *l, const char *name)
{
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;
		char text[] = { (char)c, '\0', '\0', '\0', '\0' };

		if (c < 0x20 || c > 0x7e) {
			text[0] = '\\';
			text[1] = 'x';
			text[2] = "0123456789abcdef"[c >> 4];
			text[3] = "0123456789abcdef"[c & 15];
		}
		put(l, text);
	}
}

static void put_number(struct line *l, uintptr_t v, unsigned base)
{
	char digits[24];
	unsigned i = sizeof(digits);

	digits[--i] = '\0';
	do {
		digits[--i] = "0123456789abcdef"[v % base];
	} while (v /= base);
	put(l, digits + i);
}

static void begin(struct line *l)
{
	l->n = 0;
	put(l, "libksm_preload[");
	put_number(l, sys3(__NR_getpid, 0, 0, 0), 10);
	put(l, "]: ");
}

/* In one write, so that lines of several processes do not mix. */
static void end(struct line *l)
{
	if (l->n == sizeof(l->text))
		l->n--;
	l->text[l->n++] = '\n';
	sys3(__NR_write, 2, (long)l->text, l->n);
}

void debug_range(uintptr_t lo, uintptr_t hi, const char *name)
{
	struct line l;

	if (!settings.debug)
		return;
	begin(&l);
	put(&l, "mergeable: ");
	put_number(&l, lo, 16);
	put(&l, "-");
	put_number(&l, hi, 16);
	put(&l, " ");
	put_number(&l, (hi - lo) >> 10, 10);
	put(&l, " KiB ");
	put_name(&l, name);
	end(&l);
}

void debug_text(const char *what)
{
	struct line l;

	if (!settings.debug)
		return;
	begin(&l);
	put(&l, what);
	end(&l);
}
