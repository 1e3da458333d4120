/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics in Prometheus' text format and in collectd's plain text protocol. */
#include "stats/metrics_format.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "stats/metrics.h"

/* collectd truncates what is longer (DATA_MAX_NAME_LEN of its plugin.h), and then names collide. */
#define COLLECTD_NAME_MAX 127

static const char *format_number(char *out, size_t size, double v)
{
	/* integers up to 2^53 as such: %g would cut them */
	if (v == (double)(int64_t)v)
		snprintf(out, size, "%lld", (long long)v);
	else
		snprintf(out, size, "%.6f", v);
	return out;
}

void prometheus_label(FILE *f, const char *name, const char *value)
{
	fprintf(f, "%s=\"", name);
	while (*value) {
		uint32_t c;
		size_t len = utf8_decode(value, &c);

		if (c == '\n') {
			fputs("\\n", f);
		} else if (len && !utf8_is_control(c)) {
			if (c == '\\' || c == '"')
				fputc('\\', f);
			fwrite(value, 1, len, f);
		} else {
			/* the format has no escape for them */
			len = len ? len : 1;
			for (size_t i = 0; i < len; i++) {
				char stand_in[UTF8_MAX + 1];

				utf8_stand_in(stand_in, (unsigned char)value[i]);
				fputs(stand_in, f);
			}
		}
		value += len;
	}
	fputc('"', f);
}

/* The same for all metrics of a container, or of a group of them, and for its whole life. */
static void container_labels(FILE *f, const struct container_stats *c, enum metrics_group group)
{
	prometheus_label(f, "engine", c->name.engine);
	fputc(',', f);
	if (group == METRICS_BY_CONTAINER) {
		prometheus_label(f, "id", c->name.id);
		fputc(',', f);
	}
	prometheus_label(f, "namespace", c->metadata.pod_namespace);
	if (group == METRICS_BY_NAMESPACE)
		return;
	fputc(',', f);
	if (group == METRICS_BY_WORKLOAD) {
		prometheus_label(f, "workload", c->metadata.pod);
		return;
	}
	prometheus_label(f, "pod", c->metadata.pod);
	fputc(',', f);
	prometheus_label(f, "container", c->metadata.container);
}

static void metric_head(FILE *f, const char *name, const char *help, const char *type)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

int metrics_prometheus(FILE *f, const struct snapshot *s, enum metrics_group group)
{
	struct host_metric host[HOST_METRICS_MAX];
	size_t n = host_metrics(s, host);
	char text[40];

	metric_head(f, "ksm_hook_info", "The version of ksm-hook.", "gauge");
	fprintf(f, "ksm_hook_info{version=\"%s\"} 1\n", VERSION);
	for (size_t i = 0; i < n; i++) {
		metric_head(f, host[i].name, host[i].help,
			    host[i].counter ? "counter" : "gauge");
		fprintf(f, "%s %s\n", host[i].name,
			format_number(text, sizeof(text), host[i].value));
	}
	for (size_t i = 0; i < container_metrics_n && s->n; i++) {
		const struct container_metric *m = &container_metrics[i];

		metric_head(f, m->name, m->help, "gauge");
		for (size_t k = 0; k < s->n; k++) {
			int64_t value = m->value(&s->container[k]);

			if (value < 0)
				continue;
			fprintf(f, "%s{", m->name);
			container_labels(f, &s->container[k], group);
			fprintf(f, "} %lld\n", (long long)value);
		}
	}
	if (s->n && group == METRICS_BY_CONTAINER) {
		metric_head(f, "ksm_container_info", "Image, and how it became mergeable.",
			    "gauge");
		for (size_t k = 0; k < s->n; k++) {
			fputs("ksm_container_info{", f);
			container_labels(f, &s->container[k], group);
			fputc(',', f);
			prometheus_label(f, "image", s->container[k].metadata.image);
			fputc(',', f);
			prometheus_label(f, "method",
					 ksm_method_name(container_method(&s->container[k])));
			fputs("} 1\n", f);
		}
	}
	return ferror(f) ? -EIO : 0;
}

void collectd_identifier(char *out, size_t size, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789._-";
	const char *at = text;
	char hash[24];
	size_t n = 0, fits = 0; /* fits: as much as leaves space for the hash */
	int hash_len =
		snprintf(hash, sizeof(hash), "%%-%016llx", (unsigned long long)text_hash(text));

	for (; *at; at++) {
		size_t len = strchr(plain, *at) ? 1 : 3;

		if (n + len >= size)
			break;
		if (len == 1)
			out[n] = *at;
		else
			snprintf(out + n, size - n, "%%%02x", (unsigned char)*at);
		n += len;
		if (n + (size_t)hash_len < size)
			fits = n;
	}
	out[n] = '\0';
	if (*at)
		snprintf(out + fits, size - fits, "%s", hash);
}

void collectd_value(FILE *f, const char *host, const char *plugin, const char *type,
		    double interval, double value)
{
	char text[40];

	/* counters are integers there, times in milliseconds (types.db) */
	if (strncmp(type, "total_time_in_ms-", 17) == 0)
		value = (double)(int64_t)(value * 1000);
	fprintf(f, "PUTVAL \"%s/%s/%s\" interval=%g N:%s\n", host, plugin, type, interval,
		format_number(text, sizeof(text), value));
}

int metrics_collectd(FILE *f, const struct snapshot *s, const char *host, double interval)
{
	struct host_metric list[HOST_METRICS_MAX];
	char name[COLLECTD_NAME_MAX + 1];
	size_t n = host_metrics(s, list);

	collectd_identifier(name, sizeof(name), host);
	for (size_t i = 0; i < n; i++)
		collectd_value(f, name, "ksm", list[i].collectd, interval, list[i].value);
	for (size_t k = 0; k < s->n; k++) {
		const struct container_stats *c = &s->container[k];
		char label[640], plugin[COLLECTD_NAME_MAX + 1];
		int len = snprintf(plugin, sizeof(plugin), "ksm-%s_", c->name.engine);

		container_label(c, label, sizeof(label));
		collectd_identifier(plugin + len, sizeof(plugin) - (size_t)len, label);
		for (size_t i = 0; i < container_metrics_n; i++) {
			int64_t v = container_metrics[i].value(c);

			if (v >= 0)
				collectd_value(f, name, plugin, container_metrics[i].collectd,
					       interval, (double)v);
		}
	}
	return fflush(f) != 0 || ferror(f) ? -EIO : 0;
}
