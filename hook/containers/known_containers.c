/* SPDX-License-Identifier: Apache-2.0 */
/* The containers that run now, and which of them a user's word means. */
#include "containers/known_containers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/far_files.h"
#include "containers/engine_names.h"
#include "kernel/process.h"

/* An error names at most so many containers. */
#define NAMED_MAX 4
/* A list of processes starts with space for so many. */
#define PROCESSES_FIRST 256

#define ID_LEN 64

static bool is_hex(const char *s, size_t len)
{
	return strspn(s, "0123456789abcdef") >= len;
}

/* "ENGINE:" in front of the word: what follows it, else NULL */
static const char *after_engine(const char *word, const char *engine)
{
	size_t len = strlen(engine);

	return strncmp(word, engine, len) == 0 && word[len] == ':' ? word + len + 1 : NULL;
}

enum fit { FIT_NONE, FIT_PREFIX, FIT_EXACT };

/* Names have to be whole; of the ids that engines make up a part will do, as docker has it. */
static enum fit fits_id(const char *word, const char *id)
{
	size_t len = strlen(word);

	if (strcmp(word, id) == 0)
		return FIT_EXACT;
	return len && strlen(id) == ID_LEN && is_hex(id, ID_LEN) &&
			       strncmp(word, id, len) == 0 ?
		       FIT_PREFIX :
		       FIT_NONE;
}

/* "web" for containerd's "default/web", as a namespace need only be named where there are two */
static enum fit fits_any_id(const char *word, const struct container_name *name)
{
	const char *slash =
		strcmp(name->engine, "containerd") == 0 ? strchr(name->id, '/') : NULL;
	enum fit fit = fits_id(word, name->id);

	return fit == FIT_NONE && slash ? fits_id(word, slash + 1) : fit;
}

static enum fit fits_name(const char *word, const struct known_container *c)
{
	char label[METADATA_LABEL_MAX];

	metadata_label(&c->metadata, label, sizeof(label));
	return label[0] && strcmp(word, label) == 0 ? FIT_EXACT : fits_any_id(word, &c->name);
}

static enum fit fits_container(const char *word, const struct known_container *c)
{
	const char *rest = after_engine(word, c->name.engine);
	enum fit whole = fits_name(word, c), part = rest ? fits_name(rest, c) : FIT_NONE;

	return whole > part ? whole : part;
}

static void name_candidates(const struct known_container *list, size_t n, const char *word,
			    enum fit fit, size_t found, struct error *err)
{
	char names[200];
	size_t len = 0, named = 0;

	for (size_t i = 0; i < n && named < NAMED_MAX; i++) {
		const char *id = list[i].name.id;
		int shown;

		if (fits_container(word, &list[i]) != fit)
			continue;
		/* enough digits to see the difference, few enough for a line */
		shown = strlen(id) != ID_LEN || fits_id(word, id) == FIT_EXACT ? ID_LEN :
			fit == FIT_EXACT || strlen(word) < 12                  ? 16 :
			strlen(word) < 60 ? (int)strlen(word) + 4 :
					    ID_LEN;
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s:%.*s",
					named ? ", " : "", list[i].name.engine, shown,
					list[i].name.id);
		if (len >= sizeof(names))
			len = sizeof(names) - 1;
		named++;
	}
	err_set(err, EEXIST, "\"%.70s\" is more than one container: %s%s", word, names,
		found > named ? ", ..." : "");
}

ssize_t container_choose(const struct known_container *list, size_t n, const char *word,
			 struct error *err)
{
	enum fit best = FIT_NONE;
	size_t found = 0, at = 0;

	for (size_t i = 0; i < n; i++) {
		enum fit fit = fits_container(word, &list[i]);

		if (fit == FIT_NONE || fit < best)
			continue;
		found = fit == best ? found + 1 : 1;
		best = fit;
		at = i;
	}
	if (found == 1)
		return (ssize_t)at;
	if (found) {
		name_candidates(list, n, word, best, found, err);
		return -EEXIST;
	}
	if (far_silent_place(0))
		return err_reason(err, REASON_HOST_UNREADABLE,
				  err_set(err, ENOENT,
					  "there is no container \"%.79s\", by what is known: "
					  "%.99s does not answer, which has names; use the id",
					  word, far_silent_place(0)));
	return err_set(err, ENOENT,
		       "there is no container \"%.79s\" (ksm-hook ps lists them; of another "
		       "user's rootless "
		       "engine ids are known, names are not)",
		       word);
}

/* A process of a container. */
struct container_process {
	struct container_name name;
	pid_t pid;
};

struct container_process_list {
	struct container_process *m;
	size_t n, capacity;
};

static int add_container_process(const struct process *p, void *arg)
{
	struct container_process_list *l = arg;

	if (l->n == l->capacity) {
		size_t capacity = l->capacity ? l->capacity * 2 : PROCESSES_FIRST;
		struct container_process *more = realloc(l->m, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->m = more;
		l->capacity = capacity;
	}
	l->m[l->n].pid = p->pid;
	l->n += container_of(p->pid, &l->m[l->n].name);
	return 0;
}

static int compare_container_processes(const void *a, const void *b)
{
	const struct container_process *x = a, *y = b;
	int r = container_name_compare(&x->name, &y->name);

	return r ? r : (x->pid > y->pid) - (x->pid < y->pid);
}

/* Sorted, each container is where its name changes: whoever makes many pays for sorting only. */
static int list_containers(struct container_list *out, const struct container_process_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		out->n += i == 0 || container_name_compare(&l->m[i].name, &l->m[i - 1].name);
	out->c = calloc(out->n ? out->n : 1, sizeof(*out->c));
	if (!out->c)
		return -ENOMEM;
	for (size_t i = 0, k = 0; i < l->n; i++) {
		if (i > 0 && container_name_compare(&l->m[i].name, &l->m[i - 1].name) == 0)
			continue;
		out->c[k].name = l->m[i].name;
		out->c[k++].pid = l->m[i].pid;
	}
	return 0;
}

int container_list_read(struct container_list *out, struct error *err)
{
	struct container_process_list processes = { 0 };
	struct named_container *named;
	int r;

	*out = (struct container_list){ 0 };
	r = process_for_each(add_container_process, &processes);
	if (r == 0 && processes.n)
		qsort(processes.m, processes.n, sizeof(*processes.m),
		      compare_container_processes);
	if (r == 0)
		r = list_containers(out, &processes);
	free(processes.m);
	if (r < 0)
		return err_errno(err, -r, "the processes of /proc");
	named = calloc(out->n ? out->n : 1, sizeof(*named));
	if (!named)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < out->n; i++)
		named[i] = (struct named_container){ &out->c[i].name, out->c[i].pid,
						     &out->c[i].metadata, NULL };
	engine_names_fill(named, out->n);
	free(named);
	return 0;
}
