/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the wrapper's runtime in Docker's daemon.json, put in and taken out; every other byte stays. */
#include "oci/daemon_json.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json_reader.h"

/* what editors of other systems put in front; dockerd skips it since 23.0 */
static const char byte_order_mark[] = "\xef\xbb\xbf";

#define NULL_LEN 4 /* of the word null */

/* A member of an object: from its key's quote to behind its value. */
struct daemon_member {
	size_t key, open, end; /* open: behind the value's bracket */
	unsigned members;      /* of its value */
};

/*
 * Where things stand. dockerd decodes each "runtimes" into the same map, so the last one that
 * names a runtime counts, and null takes back all that were named.
 */
struct daemon_scan {
	const char *file, *text;
	size_t shift;              /* of the offsets: a byte order mark */
	struct daemon_member root; /* its key means nothing */
	bool runtimes_there, runtimes_null, ours_there, ours_odd;
	bool any_named; /* a runtime, in any "runtimes" */
	struct daemon_member runtimes, ours;
	char path[PATH_MAX];
	bool is_default;
};

static bool is_json_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t space_forward(const char *text, size_t len, size_t at)
{
	while (at < len && is_json_space(text[at]))
		at++;
	return at;
}

static size_t space_backward(const char *text, size_t at)
{
	while (at > 0 && is_json_space(text[at - 1]))
		at--;
	return at;
}

/*
 * Where the key of a value begins that begins at value: in front of it stands "key" : with a key of
 * ours, which has no quote, so that none is escaped in it.
 */
static size_t key_of_value(const char *text, size_t value)
{
	size_t at = space_backward(text, value);

	at = space_backward(text, at - 1) - 1; /* the colon, then the closing quote */
	do
		at--;
	while (text[at] != '"');
	return at;
}

static int take_runtimes(struct daemon_scan *s, const struct json_value *v, struct error *err)
{
	size_t end = s->shift + v->end;

	if (v->type != JSON_OBJECT && v->type != JSON_NULL)
		return err_set(err, EINVAL, "%s: \"runtimes\" is not an object", s->file);
	s->runtimes_there = true;
	s->runtimes_null = v->type == JSON_NULL;
	s->runtimes = (struct daemon_member){ .open = end, .end = end };
	s->runtimes.key = key_of_value(s->text, end - (s->runtimes_null ? NULL_LEN : 1));
	if (s->runtimes_null)
		s->ours_there = false;
	return 0;
}

static void take_ours(struct daemon_scan *s, const struct json_value *v)
{
	s->ours_there = true;
	s->ours_odd = v->type != JSON_OBJECT;
	s->path[0] = '\0';
	s->ours.open = s->shift + v->end;
	if (!s->ours_odd)
		s->ours.key = key_of_value(s->text, s->ours.open - 1);
}

static bool is_below_ours(const struct json_path *p)
{
	return json_path_has(p, 0, "runtimes") && json_path_has(p, 1, DAEMON_RUNTIME);
}

static int visit_daemon_member(void *arg, const struct json_path *p, const struct json_value *v,
			       struct error *err)
{
	struct daemon_scan *s = arg;
	bool string = v->type == JSON_STRING;

	if (p->depth == 0) {
		s->root.open = s->shift + v->end;
		return v->type == JSON_OBJECT ?
			       0 :
			       err_set(err, EINVAL, "%s: is not a JSON object", s->file);
	}
	s->root.members += p->depth == 1;
	if (json_path_is(p, "runtimes", NULL))
		return take_runtimes(s, v, err);
	if (json_path_is(p, "default-runtime", NULL))
		s->is_default = string && v->len == sizeof(DAEMON_RUNTIME) - 1 &&
				memcmp(v->text, DAEMON_RUNTIME, v->len) == 0;
	if (p->depth == 2 && json_path_has(p, 0, "runtimes"))
		s->any_named = ++s->runtimes.members;
	if (!is_below_ours(p))
		return 0;
	if (p->depth == 2)
		take_ours(s, v);
	/* Go's decoder takes the keys of a runtime in any case */
	else if (p->depth == 3 && p->key[2] && strcasecmp(p->key[2], "path") == 0 && string &&
		 v->len < sizeof(s->path))
		snprintf(s->path, sizeof(s->path), "%.*s", (int)v->len, v->text);
	return 0;
}

static int leave_daemon_member(void *arg, const struct json_path *p, size_t end,
			       struct error *err)
{
	struct daemon_scan *s = arg;

	(void)err;
	if (p->depth == 0)
		s->root.end = s->shift + end;
	else if (json_path_is(p, "runtimes", NULL))
		s->runtimes.end = s->shift + end;
	else if (p->depth == 2 && is_below_ours(p))
		s->ours.end = s->shift + end;
	return 0;
}

static int scan_daemon(const char *file, const struct daemon_text *t, struct daemon_scan *s,
		       struct error *err)
{
	size_t mark = sizeof(byte_order_mark) - 1;
	int r;

	*s = (struct daemon_scan){ .file = file, .text = t->text };
	if (t->len >= mark && memcmp(t->text, byte_order_mark, mark) == 0)
		s->shift = mark;
	r = json_scan(file, t->text + s->shift, t->len - s->shift, visit_daemon_member,
		      leave_daemon_member, s, err);
	/* yajl overlooks a string or a word that is begun behind the end */
	if (r == 0 && space_forward(t->text, t->len, s->root.end) < t->len)
		r = err_set(err, EINVAL, "%s: there is more after its end", file);
	return r;
}

static bool says_nothing(const struct daemon_text *t)
{
	return space_forward(t->text, t->len, 0) == t->len;
}

/* Replace cut bytes at an offset; no text is longer than DAEMON_JSON_ROOM. */
static void splice(struct daemon_text *t, size_t at, size_t cut, const char *text)
{
	size_t len = strlen(text);

	memmove(t->text + at + len, t->text + at + cut, t->len - at - cut);
	memcpy(t->text + at, text, len);
	t->len += len - cut;
}

/* Put a member first into an object, set off as the one that was first. */
static int put_member(struct daemon_text *t, const struct daemon_member *object,
		      const char *member, struct error *err)
{
	size_t first = space_forward(t->text, t->len, object->open);
	int gap = object->members ? (int)(first - object->open) : 0;
	char out[DAEMON_JSON_ROOM];

	if (snprintf(out, sizeof(out), "%.*s%s%s", gap, t->text + object->open, member,
		     object->members ? "," : "") >= (int)sizeof(out))
		return err_set(err, EFBIG, "it has too much white space");
	splice(t, object->open, 0, out);
	return 0;
}

/* Undo that, or cut out what somebody else has written, with the comma that it had. */
static void cut_member(struct daemon_text *t, const struct daemon_member *m)
{
	size_t behind = space_forward(t->text, t->len, m->end);
	size_t before = space_backward(t->text, m->key);

	if (t->text[behind] == ',') {
		behind = space_forward(t->text, t->len, behind + 1);
		splice(t, m->key, behind - m->key, "");
		return;
	}
	before -= t->text[before - 1] == ',';
	splice(t, before, m->end - before, "");
}

static bool is_plain_path(const char *path)
{
	const char *name = strrchr(path, '/');

	if (path[0] != '/' || strcmp(name + 1, DAEMON_RUNTIME) != 0 || strlen(path) > 1024)
		return false;
	/* what JSON would have to escape */
	for (const char *p = path; *p; p++) {
		if (*p == '"' || *p == '\\' || (unsigned char)*p < 0x20)
			return false;
	}
	return true;
}

int daemon_json_path_check(const char *path, struct error *err)
{
	if (is_plain_path(path))
		return 0;
	return err_set(err, EINVAL, "%s: must be an absolute path to " DAEMON_RUNTIME, path);
}

int daemon_json_add(const char *file, struct daemon_text *t, const char *path,
		    struct error *err)
{
	char runtime[1200], member[1300];
	struct daemon_scan s;
	int r;

	if (daemon_json_path_check(path, err) < 0)
		return -EINVAL;
	if (says_nothing(t)) {
		t->len = (size_t)snprintf(t->text, DAEMON_JSON_ROOM,
					  "{\n  \"runtimes\": {\n    \"" DAEMON_RUNTIME
					  "\": { \"path\": \"%s\" }\n  }\n}\n",
					  path);
		return 0;
	}
	r = scan_daemon(file, t, &s, err);
	if (r < 0)
		return r;
	if (s.ours_there && !s.ours_odd && strcmp(s.path, path) == 0)
		return 1;
	if (s.ours_there)
		return err_set(err, EEXIST, "%s: has another runtime " DAEMON_RUNTIME "%s%s",
			       file, *s.path ? ", " : "", s.path);
	snprintf(runtime, sizeof(runtime), "\"" DAEMON_RUNTIME "\": { \"path\": \"%s\" }",
		 path);
	snprintf(member, sizeof(member), "%s%s{ %s }", s.any_named ? ", " : "",
		 s.runtimes_there && !s.any_named ? "" : "\"runtimes\": ", runtime);
	if (!s.runtimes_there)
		r = put_member(t, &s.root, member, err);
	else if (s.runtimes_null && s.any_named) /* and without it they would be back */
		splice(t, s.runtimes.end, 0, member);
	else if (s.runtimes_null)
		splice(t, s.runtimes.end - NULL_LEN, NULL_LEN, member);
	else
		r = put_member(t, &s.runtimes, runtime, err);
	return r < 0 ? err_wrap(err, r, "%s", file) : 0;
}

int daemon_json_remove(const char *file, struct daemon_text *t, const char *path,
		       bool keep_empty, struct error *err)
{
	struct daemon_scan s;
	bool any = false;
	int r = 0;

	if (says_nothing(t))
		return 1;
	for (;;) {
		r = scan_daemon(file, t, &s, err);
		if (r < 0 || !s.ours_there)
			break;
		if (s.ours_odd || strcmp(s.path, path) != 0)
			return err_set(err, EEXIST,
				       "%s: its runtime " DAEMON_RUNTIME " is not ours%s%s",
				       file, *s.path ? ", but " : "", s.path);
		if (s.is_default)
			return err_set(err, EBUSY,
				       "%s: " DAEMON_RUNTIME
				       " is its \"default-runtime\"; change that first",
				       file);
		any = true;
		cut_member(t, &s.ours);
	}
	if (r == 0 && any && !keep_empty && s.runtimes_there && !s.runtimes_null &&
	    s.runtimes.members == 0)
		cut_member(t, &s.runtimes);
	return r < 0 ? r : !any;
}

bool daemon_json_is_empty(const struct daemon_text *t)
{
	struct daemon_scan s;
	struct error err;

	return says_nothing(t) || (scan_daemon("", t, &s, &err) == 0 && s.root.members == 0);
}

bool daemon_json_has_runtimes(const struct daemon_text *t)
{
	struct daemon_scan s;
	struct error err;

	return !says_nothing(t) && (scan_daemon("", t, &s, &err) < 0 || s.runtimes_there);
}
