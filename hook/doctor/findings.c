/* SPDX-License-Identifier: Apache-2.0 */
/* What `ksm-hook doctor` knows and found. */
#include "doctor/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct finding *finding_add(struct doctor *d, enum finding_level level, enum check_id id,
			    const char *why, const char *what, ...)
{
	static struct finding spare;
	struct finding *f = &spare;
	va_list ap;

	if (d->n < FINDINGS_MAX)
		f = &d->finding[d->n++];
	else
		d->left_out++;
	*f = (struct finding){ .id = id, .level = level, .why = why };
	va_start(ap, what);
	vsnprintf(f->what, sizeof(f->what), what, ap);
	va_end(ap);
	return f;
}

static bool is_visible(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return *text == '\0';
}

void finding_fix(struct finding *f, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(f->fix, sizeof(f->fix), fmt, ap);
	va_end(ap);
	/* half a command is worse than none, and what a terminal cannot show cannot be copied */
	if (n < 0 || (size_t)n >= sizeof(f->fix) || !is_visible(f->fix))
		f->fix[0] = '\0';
}

void finding_advise(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->advice, sizeof(f->advice), fmt, ap);
	va_end(ap);
}

void findings_doubt(struct doctor *d, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < d->n; i++) {
		if (d->finding[i].level == FINDING_OK)
			continue;
		if (kept != i)
			d->finding[kept] = d->finding[i];
		kept++;
	}
	d->n = kept;
}

const char *shell_word(struct shell_word *out, const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789/._-+:@%,=";
	const char *quote = *name && !name[strspn(name, plain)] ? "" : "'";
	const size_t room = sizeof(out->text);
	size_t n = (size_t)snprintf(out->text, room, "%s", quote);

	for (const char *p = name; *p && n < room; p++)
		n += (size_t)snprintf(out->text + n, room - n, "%s%c%s",
				      *p == '\'' ? "'\\" : "", *p, *p == '\'' ? "'" : "");
	if (n < room)
		n += (size_t)snprintf(out->text + n, room - n, "%s", quote);
	if (n < room)
		return out->text;
	memset(out->text, 'x', room - 1);
	out->text[room - 1] = '\0';
	return out->text;
}

void finding_unreadable(struct doctor *d, enum check_id id, const struct error *err)
{
	struct finding *f =
		finding_add(d, FINDING_NOTE, id,
			    "it could not be read, so what it sets is not part of this report",
			    "%s", err->msg);

	f->reason = err->reason;
}

size_t findings_of_level(const struct doctor *d, enum finding_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->finding[i].level == level;
	return n;
}

const char *finding_level_name(enum finding_level level)
{
	static const char *const names[FINDING_LEVELS] = { "ok", "note", "warning", "broken" };

	return names[level];
}
