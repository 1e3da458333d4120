/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what dockerd answers to GET /info, and what its command line says. */
#include "doctor/docker_info.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/macros.h"

/* False where it does not fit, or holds a NUL: then it is "". */
static bool take_fitting(char *out, size_t size, const char *text, size_t len)
{
	bool fits = len < size && !memchr(text, '\0', len);

	memcpy(out, text, fits ? len : 0);
	out[fits ? len : 0] = '\0';
	return fits;
}

size_t docker_loaded_find(const struct docker_loaded *loaded, const char *name)
{
	size_t i = 0;

	while (i < loaded->n && strcmp(loaded->runtime[i].name, name) != 0)
		i++;
	return i;
}

static void add_runtime(struct docker_loaded *out, const char *name)
{
	if (docker_loaded_find(out, name) < out->n)
		return;
	if (out->n < DOCKER_LOADED_MAX &&
	    take_fitting(out->runtime[out->n].name, sizeof(out->runtime[0].name), name,
			 strlen(name)))
		out->n++;
	else
		out->truncated = true;
}

static int visit_info(void *arg, const struct json_path *p, const struct json_value *v,
		      struct error *err)
{
	struct docker_loaded *out = arg;
	size_t i;

	(void)err;
	if (json_path_is(p, "DefaultRuntime", NULL) && v->type == JSON_STRING)
		out->truncated |= !take_fitting(out->default_runtime,
						sizeof(out->default_runtime), v->text, v->len);
	if (p->depth < 2 || !json_path_has(p, 0, "Runtimes") || !p->key[1])
		return 0;
	if (p->depth == 2) {
		add_runtime(out, p->key[1]);
		return 0;
	}
	i = docker_loaded_find(out, p->key[1]);
	if (i < out->n && v->type == JSON_STRING &&
	    json_path_is(p, "Runtimes", p->key[1], "path", NULL))
		out->truncated |= !take_fitting(out->runtime[i].path,
						sizeof(out->runtime[i].path), v->text, v->len);
	return 0;
}

int docker_info_parse(const char *text, size_t len, struct docker_loaded *out,
		      struct error *err)
{
	static const char version[] = "HTTP/1.", success[] = " 200 ", end[] = "\r\n\r\n";
	const char *status = text + sizeof(version), *body;

	*out = (struct docker_loaded){ 0 };
	if (len < sizeof(version) + sizeof(success) ||
	    memcmp(text, version, sizeof(version) - 1) != 0)
		return err_set(err, EPROTO, "it does not answer by HTTP");
	if (memcmp(status, success, sizeof(success) - 1) != 0)
		return err_set(err, EPROTO, "it answers %.*s", (int)strcspn(status + 1, "\r\n"),
			       status + 1);
	body = memmem(text, len, end, sizeof(end) - 1);
	if (!body)
		return err_set(err, EPROTO, "its answer has a head only");
	body += sizeof(end) - 1;
	return json_walk("/info", body, len - (size_t)(body - text), false, visit_info, out,
			 err);
}

bool docker_loaded_valid(const struct docker_loaded *loaded)
{
	const unsigned char *truncated = (const unsigned char *)&loaded->truncated;

	if (loaded->n > DOCKER_LOADED_MAX || *truncated > 1 ||
	    !memchr(loaded->default_runtime, '\0', sizeof(loaded->default_runtime)))
		return false;
	for (size_t i = 0; i < loaded->n; i++) {
		if (!memchr(loaded->runtime[i].name, '\0', sizeof(loaded->runtime[i].name)) ||
		    !memchr(loaded->runtime[i].path, '\0', sizeof(loaded->runtime[i].path)))
			return false;
	}
	return true;
}

const char *docker_host_socket(const char *host)
{
	static const char scheme[] = "unix://";
	const char *path = host + sizeof(scheme) - 1;

	return strncmp(host, scheme, sizeof(scheme) - 1) == 0 && path[0] == '/' &&
			       strlen(path) < DOCKER_SOCKET_MAX ?
		       path :
		       NULL;
}

/* --NAME=VALUE, --NAME VALUE; -nVALUE, -n=VALUE, -n VALUE. NULL: it is another option. */
static const char *value_of(const char *arg, const char *next, const char *name, char letter)
{
	size_t len = strlen(name);

	if (arg[0] == '-' && arg[1] == '-' && strncmp(arg + 2, name, len) == 0)
		return arg[len + 2] == '=' ? arg + len + 3 : arg[len + 2] ? NULL : next;
	if (!letter || arg[0] != '-' || arg[1] != letter)
		return NULL;
	return arg[2] == '=' ? arg + 3 : arg[2] ? arg + 2 : next;
}

void docker_args_parse(const char *args, size_t len, struct docker_args *out)
{
	const char *end = args + len;
	bool given = false, usual = false;

	*out = (struct docker_args){ 0 };
	/* an argument that was cut off is none */
	while (end > args && end[-1])
		end--;
	for (const char *arg = args, *next; arg < end; arg = next) {
		const char *value, *socket;

		next = arg + strlen(arg) + 1;
		value = value_of(arg, next < end ? next : NULL, "config-file", 0);
		if (value)
			take_fitting(out->config, sizeof(out->config), value, strlen(value));
		value = value_of(arg, next < end ? next : NULL, "add-runtime", 0);
		out->runtimes |= value != NULL;
		value = value_of(arg, next < end ? next : NULL, "host", 'H');
		socket = value ? docker_host_socket(value) : NULL;
		if (socket && !out->socket[0])
			take_fitting(out->socket, sizeof(out->socket), socket, strlen(socket));
		given |= value != NULL;
		out->validates |= strcmp(arg, "--validate") == 0;
		/* of systemd's docker.socket, which listens at the usual place */
		usual |= value && strcmp(value, "fd://") == 0;
	}
	out->hosts = given;
	out->elsewhere = given && !usual && !out->socket[0];
}
