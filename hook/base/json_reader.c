/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded walk over untrusted JSON with yajl's event parser. */
#include "base/json_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <yajl/yajl_parse.h>

#include "base/json_position.h"

/*
 * yajl's memory. It doubles its buffers: one for a string that is being decoded, which grows
 * in place to less than twice the string, and one for what is left unfinished at the end,
 * which is short unless the text was truncated within a long string (then the walk is given
 * up).
 */
#define UNFINISHED_MAX (8u << 20)
#define YAJL_OWN       (64u << 10)

static char *arena, *arena_last;
static size_t arena_size, arena_used;

/*
 * The strings that are kept. In the text each has two quotes, here it has one NUL: they take
 * less than the input.
 */
static char kept[2u << 20];
static size_t kept_used;

int json_reserve(size_t len, struct error *err)
{
	size_t size = 2 * len + YAJL_OWN;
	char *p;

	size += 2 * len < UNFINISHED_MAX ? 2 * len : UNFINISHED_MAX;
	size = (size + 15) & ~(size_t)15;
	if (size <= arena_size)
		return 0;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return err_errno(err, errno, "memory for %zu bytes of JSON", len);
	if (arena)
		munmap(arena, arena_size);
	arena = p;
	arena_size = size;
	return 0;
}

static void *arena_alloc(void *ctx, size_t size)
{
	(void)ctx;
	size = (size + 15) & ~(size_t)15;
	if (size > arena_size - arena_used - 16)
		__builtin_trap(); /* yajl does not check; the parent sees the parser die */
	arena_last = arena + arena_used + 16;
	memcpy(arena + arena_used, &size, sizeof(size));
	arena_used += size + 16;
	return arena_last;
}

static void *arena_realloc(void *ctx, void *p, size_t size)
{
	size_t old;
	void *q;

	if (!p)
		return arena_alloc(ctx, size);
	memcpy(&old, (char *)p - 16, sizeof(old));
	if (size <= old)
		return p;
	if (p == arena_last)
		arena_used = (size_t)(arena_last - arena) - 16;
	q = arena_alloc(ctx, size);
	if (q != p)
		memcpy(q, p, old);
	return q;
}

static void arena_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

void json_release(void)
{
	kept_used = 0;
}

const char *json_keep(const char *text, size_t len)
{
	char *copy;

	if (len >= sizeof(kept) - kept_used)
		return NULL;
	copy = kept + kept_used;
	memcpy(copy, text, len);
	copy[len] = '\0';
	kept_used += len + 1;
	return copy;
}

struct json_walk_state {
	const char *name, *text;
	struct json_path path;
	json_visit visit;
	json_leave leave; /* in a scan only */
	void *arg;
	yajl_handle yajl;
	struct error *err;
	int ret;
	bool scan;
	bool any;
	bool any_depth; /* what is too deep is left out */
	size_t beyond;  /* so many levels deeper than the path goes */
	bool is_array[JSON_DEPTH_MAX];
	size_t keys_end[JSON_DEPTH_MAX]; /* of a scan: behind the key of each level */
	size_t key_end;
};

/* At the token that yajl has just read. */
static int refuse_here(struct json_walk_state *w, int code, const char *why)
{
	struct json_position p = json_token_position(w->text, yajl_get_bytes_consumed(w->yajl));

	w->ret = err_set(w->err, code, "%s:%zu:%zu: %s", w->name, p.line, p.column, why);
	return 0;
}

static int walk_value(struct json_walk_state *w, enum json_type type, bool boolean,
		      const char *text, size_t len)
{
	struct json_value v = { .type = type, .boolean = boolean, .text = text, .len = len };

	if (w->beyond)
		return 1;
	v.end = yajl_get_bytes_consumed(w->yajl);
	v.key_end = w->key_end;
	w->key_end = 0;
	w->any = true;
	if (w->path.depth && w->is_array[w->path.depth - 1])
		w->path.index[w->path.depth - 1]++;
	w->ret = w->visit(w->arg, &w->path, &v, w->err);
	return w->ret >= 0;
}

static int enter(struct json_walk_state *w, enum json_type type, bool array)
{
	if (!walk_value(w, type, false, NULL, 0))
		return 0;
	if (w->path.depth == JSON_DEPTH_MAX && !w->any_depth)
		return refuse_here(w, E2BIG, "nested more than " DEPTH_MAX_TEXT " deep");
	if (w->path.depth == JSON_DEPTH_MAX) {
		w->beyond++;
		return 1;
	}
	w->is_array[w->path.depth] = array;
	w->path.key[w->path.depth] = NULL;
	w->path.index[w->path.depth] = (size_t)-1;
	w->keys_end[w->path.depth] = w->path.depth ? w->keys_end[w->path.depth - 1] : 0;
	w->path.depth++;
	return 1;
}

static int on_end(void *ctx)
{
	struct json_walk_state *w = ctx;

	if (w->beyond) {
		w->beyond--;
		return 1;
	}
	w->path.depth--;
	if (w->leave)
		w->ret = w->leave(w->arg, &w->path, yajl_get_bytes_consumed(w->yajl), w->err);
	return w->ret >= 0;
}

static int on_map(void *ctx)
{
	return enter(ctx, JSON_OBJECT, false);
}

static int on_array(void *ctx)
{
	return enter(ctx, JSON_ARRAY, true);
}

static int keep(struct json_walk_state *w, const char **out, const unsigned char *text,
		size_t len)
{
	*out = json_keep((const char *)text, len);
	if (*out)
		return 1;
	w->ret = err_set(w->err, E2BIG, "%s: too much text", w->name);
	return 0;
}

/* A scan remembers no more keys than the path has: each behind those that it stands below. */
static int scan_key(struct json_walk_state *w, const unsigned char *text, size_t len)
{
	static char keys[JSON_SCAN_KEYS];
	size_t level = w->path.depth - 1, at = level ? w->keys_end[level - 1] : 0;

	if (len >= sizeof(keys) - at) {
		w->ret = err_set(w->err, E2BIG,
				 "%s: a key, with those around it, is longer than %u bytes",
				 w->name, JSON_SCAN_KEYS);
		return 0;
	}
	memcpy(keys + at, text, len);
	keys[at + len] = '\0';
	w->path.key[level] = keys + at;
	w->keys_end[level] = at + len + 1;
	return 1;
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	struct json_walk_state *w = ctx;

	/* else "io.ksm.merge\\u0000x" would compare equal to the key before the NUL */
	if (memchr(text, '\0', len))
		return refuse_here(w, w->scan ? EILSEQ : EINVAL, "a key holds a NUL");
	if (w->beyond)
		return 1;
	w->key_end = yajl_get_bytes_consumed(w->yajl);
	if (w->scan)
		return scan_key(w, text, len);
	return keep(w, &w->path.key[w->path.depth - 1], text, len);
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	struct json_walk_state *w = ctx;
	const char *copy = (const char *)text;

	if (!w->scan && !w->beyond && !keep(w, &copy, text, len))
		return 0;
	return walk_value(w, JSON_STRING, false, copy, len);
}

static int on_number(void *ctx, const char *text, size_t len)
{
	return walk_value(ctx, JSON_NUMBER, false, text, len);
}

static int on_boolean(void *ctx, int b)
{
	return walk_value(ctx, JSON_BOOL, b, NULL, 0);
}

static int on_null(void *ctx)
{
	return walk_value(ctx, JSON_NULL, false, NULL, 0);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_end,
};

static int syntax_error(struct json_walk_state *w, yajl_handle h, const char *text, size_t at)
{
	struct json_position p = json_position_of(text, at);
	char why[96], *end;

	snprintf(why, sizeof(why), "%s", (char *)yajl_get_error(h, 0, NULL, 0));
	end = strchr(why, '\n');
	if (end)
		*end = '\0';
	return err_set(w->err, EINVAL, "%s:%zu:%zu: %s", w->name, p.line, p.column, why);
}

static int walk_text(struct json_walk_state *w, const char *text, size_t len, bool comments)
{
	yajl_alloc_funcs memory = { arena_alloc, arena_realloc, arena_free, NULL };
	bool ended = false;
	size_t at;
	yajl_handle h;
	yajl_status s;

	arena_used = 0;
	arena_last = NULL;
	if (json_reserve(len, w->err) < 0)
		return -ENOMEM;
	h = yajl_alloc(&callbacks, &memory, w);
	w->yajl = h;
	w->text = text;
	yajl_config(h, yajl_allow_comments, (int)comments);
	s = yajl_parse(h, (const unsigned char *)text, len);
	if (s == yajl_status_ok) {
		s = yajl_complete_parse(h);
		ended = true;
	}
	if (s == yajl_status_client_canceled)
		return w->ret;
	if (s == yajl_status_ok)
		return 0;
	if (ended && !w->any) {
		struct json_position end = json_position_of(text, len);

		return err_set(w->err, EINVAL,
			       "%s:%zu:%zu: is empty, or ends within its first value", w->name,
			       end.line, end.column);
	}
	if (ended)
		return syntax_error(w, h, text, len);
	/* what yajl has consumed includes the byte that it stumbled over, if it says at all */
	at = yajl_get_bytes_consumed(h);
	return syntax_error(w, h, text, at > 0 && at <= len ? at - 1 : 0);
}

int json_walk(const char *name, const char *text, size_t len, bool comments, json_visit visit,
	      void *arg, struct error *err)
{
	struct json_walk_state w = { .name = name, .visit = visit, .arg = arg, .err = err };

	return walk_text(&w, text, len, comments);
}

int json_walk_any_depth(const char *name, const char *text, size_t len, json_visit visit,
			void *arg, struct error *err)
{
	struct json_walk_state w = {
		.name = name, .visit = visit, .arg = arg, .err = err, .any_depth = true
	};

	return walk_text(&w, text, len, true);
}

int json_scan(const char *name, const char *text, size_t len, json_visit visit,
	      json_leave leave, void *arg, struct error *err)
{
	struct json_walk_state w = { .name = name,
				     .visit = visit,
				     .leave = leave,
				     .arg = arg,
				     .err = err,
				     .scan = true };

	return walk_text(&w, text, len, false);
}

bool json_path_is(const struct json_path *path, ...)
{
	const char *want;
	size_t i = 0;
	bool same = true;
	va_list ap;

	va_start(ap, path);
	while ((want = va_arg(ap, const char *)) != NULL && same) {
		if (i >= path->depth)
			same = false;
		else if (!path->key[i])
			same = strcmp(want, "*") == 0;
		else
			same = strcmp(want, path->key[i]) == 0;
		i++;
	}
	va_end(ap);
	return same && i == path->depth;
}

bool json_path_has(const struct json_path *path, size_t level, const char *key)
{
	return level < path->depth && path->key[level] && strcmp(path->key[level], key) == 0;
}
