/* SPDX-License-Identifier: Apache-2.0 */
/* The figures as Prometheus' text format and as collectd's plain text protocol. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "applets/metrics.h"

/* collectd cuts what is longer (DATA_MAX_NAME_LEN of its plugin.h), and then names collide. */
#define NAME_MAX_COLLECTD 127

static const char *number(char *out, size_t size, double v)
{
	/* integers up to 2^53 as such: %g would cut them */
	if (v == (double)(int64_t)v)
		snprintf(out, size, "%lld", (long long)v);
	else
		snprintf(out, size, "%.6f", v);
	return out;
}

/* In label values, backslash, quote and newline are escaped (exposition formats, text 0.0.4). */
static void label(FILE *f, const char *name, const char *value, bool first)
{
	fprintf(f, "%s%s=\"", first ? "" : ",", name);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '\\' || c == '"')
			fprintf(f, "\\%c", c);
		else if (c < 0x20 || c > 0x7e) /* names may be any bytes, labels are UTF-8 */
			fprintf(f, "\\\\x%02x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

/* The same for all of a container's figures, and for its whole life. */
static void labels(FILE *f, const struct look_container *c)
{
	label(f, "engine", c->name.engine, true);
	label(f, "id", c->name.id, false);
	label(f, "namespace", c->metadata.pod_namespace, false);
	label(f, "pod", c->metadata.pod, false);
	label(f, "container", c->metadata.container, false);
}

static void head(FILE *f, const char *name, const char *help, const char *type)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

int metrics_prometheus(FILE *f, const struct look *l)
{
	struct metric host[METRICS_MAX];
	size_t n = metrics_host(host);
	char text[40];

	head(f, "ksm_hook_info", "The version of ksm-hook.", "gauge");
	fprintf(f, "ksm_hook_info{version=\"%s\"} 1\n", VERSION);
	for (size_t i = 0; i < n; i++) {
		head(f, host[i].name, host[i].help, host[i].counter ? "counter" : "gauge");
		fprintf(f, "%s %s\n", host[i].name, number(text, sizeof(text), host[i].value));
	}
	for (size_t i = 0; i < metrics_container_n && l->n; i++) {
		const struct metric_of *m = &metrics_container[i];

		head(f, m->name, m->help, "gauge");
		for (size_t k = 0; k < l->n; k++) {
			fprintf(f, "%s{", m->name);
			labels(f, &l->container[k]);
			fprintf(f, "} %lld\n", (long long)m->value(&l->container[k]));
		}
	}
	if (l->n) {
		head(f, "ksm_container_info", "Image, and how it became mergeable.", "gauge");
		for (size_t k = 0; k < l->n; k++) {
			fputs("ksm_container_info{", f);
			labels(f, &l->container[k]);
			label(f, "image", l->container[k].metadata.image, false);
			label(f, "method", ksm_method_name(look_method(&l->container[k])),
			      false);
			fputs("} 1\n", f);
		}
	}
	return ferror(f) ? -EIO : 0;
}

/* A slash would end the part, a space the identifier. */
static void identifier(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text && n < size - 1; text++)
		out[n++] = isalnum((unsigned char)*text) || strchr("._-", *text) ? *text : '_';
	out[n] = '\0';
}

static void put(FILE *f, const char *host, const char *plugin, const char *type,
		double interval, double value)
{
	char text[40];

	/* counters are integers there, times in milliseconds (types.db) */
	if (strncmp(type, "total_time_in_ms-", 17) == 0)
		value = (double)(int64_t)(value * 1000);
	fprintf(f, "PUTVAL \"%s/%s/%s\" interval=%g N:%s\n", host, plugin, type, interval,
		number(text, sizeof(text), value));
}

int metrics_collectd(FILE *f, const struct look *l, const char *host, double interval)
{
	struct metric list[METRICS_MAX];
	char name[NAME_MAX_COLLECTD + 1];
	size_t n = metrics_host(list);

	identifier(name, sizeof(name), host);
	for (size_t i = 0; i < n; i++)
		put(f, name, "ksm", list[i].collectd, interval, list[i].value);
	for (size_t k = 0; k < l->n; k++) {
		const struct look_container *c = &l->container[k];
		char plain[640], instance[96], plugin[NAME_MAX_COLLECTD + 1];

		look_label(c, plain, sizeof(plain));
		identifier(instance, sizeof(instance), plain);
		snprintf(plugin, sizeof(plugin), "ksm-%s_%s", c->name.engine, instance);
		for (size_t i = 0; i < metrics_container_n; i++)
			put(f, name, plugin, metrics_container[i].collectd, interval,
			    (double)metrics_container[i].value(c));
	}
	return fflush(f) != 0 || ferror(f) ? -EIO : 0;
}
