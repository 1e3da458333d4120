/* SPDX-License-Identifier: Apache-2.0 */
/* Labels and identifiers: what their formats allow, and different ones for different texts. */
#include "stats/metrics_format.h"

#include <stdlib.h>

#include "base/macros.h"
#include "check.h"
#include "stats/metrics.h"

/* To *text, whose last value goes. */
static FILE *write_to(char **text)
{
	static size_t len;
	FILE *f;

	free(*text);
	*text = NULL;
	f = open_memstream(text, &len);
	if (!f)
		abort();
	return f;
}

static const char *label(const char *value)
{
	static char *text;
	FILE *f = write_to(&text);

	prometheus_label(f, "l", value);
	fclose(f);
	return text;
}

static void labels(void)
{
	static const struct {
		const char *value, *label;
	} cases[] = {
		{ "", "l=\"\"" },
		{ "plain", "l=\"plain\"" },
		{ "a\"b", "l=\"a\\\"b\"" },
		{ "a\\b", "l=\"a\\\\b\"" },
		{ "a\nb", "l=\"a\\nb\"" },
		{ "a\\nb", "l=\"a\\\\nb\"" },
		{ "\\x01", "l=\"\\\\x01\"" },
		{ "sl\xc3\xa8"
		  "ep",
		  "l=\"sl\xc3\xa8"
		  "ep\"" },
		{ "\x01", "l=\"\xf4\x8f\xb8\x81\"" },
		{ "\x1b[31m", "l=\"\xf4\x8f\xb8\x9b[31m\"" },
		{ "\xe8", "l=\"\xf4\x8f\xbb\xa8\"" },
		/* a control character of two bytes */
		{ "\xc2\x9b", "l=\"\xf4\x8f\xbb\x82\xf4\x8f\xba\x9b\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].value;
		CHECK_TEXT(label(cases[i].value), cases[i].label);
	}
	check_case = "";
}

/* of every byte, alone and as it is written in letters */
static void labels_differ(void)
{
	char *seen[510];
	size_t n = 0;

	for (unsigned byte = 1; byte < 256; byte++) {
		char value[2] = { (char)byte, 0 }, letters[8];

		snprintf(letters, sizeof(letters), "\\x%02x", byte);
		seen[n++] = strdup(label(value));
		seen[n++] = strdup(label(letters));
	}
	for (size_t i = 0; i < n; i++) {
		CHECK(!strchr(seen[i], '\n') && !strchr(seen[i], '\r') &&
		      !strchr(seen[i], 0x1b));
		for (size_t k = 0; k < i; k++) {
			if (strcmp(seen[i], seen[k]) == 0)
				CHECK_TEXT(seen[i], "unlike the others");
		}
	}
	for (size_t i = 0; i < n; i++)
		free(seen[i]);
}

static void identifiers(void)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-%";
	char out[64], other[64], text[200];

	collectd_identifier(out, sizeof(out), "web_7d9c-1.a");
	CHECK_TEXT(out, "web_7d9c-1.a");
	collectd_identifier(out, sizeof(out), "shop/web/nginx");
	CHECK_TEXT(out, "shop%2fweb%2fnginx");
	collectd_identifier(out, sizeof(out), "");
	CHECK_TEXT(out, "");
	for (unsigned byte = 1; byte < 256; byte++) {
		char value[] = { 'a', (char)byte, 'b', 0 }, want[8];

		collectd_identifier(out, sizeof(out), value);
		if (byte != '%' && strchr(allowed, (int)byte))
			snprintf(want, sizeof(want), "a%cb", byte);
		else
			snprintf(want, sizeof(want), "a%%%02xb", byte);
		CHECK_TEXT(out, want);
	}
	/* exactly as long as there is space for, and one more */
	memset(text, 'x', sizeof(text));
	text[63] = '\0';
	collectd_identifier(out, sizeof(out), text);
	CHECK_TEXT(out, text);
	text[63] = 'x';
	text[64] = '\0';
	collectd_identifier(out, sizeof(out), text);
	CHECK_INT(strlen(out), 63);
	CHECK_HAS(out, "xx%-");
	text[63] = 'y';
	collectd_identifier(other, sizeof(other), text);
	CHECK(strcmp(out, other) != 0);
	/* every size: what fits is whole, what does not ends with the hash; nothing is written behind */
	for (size_t size = 21; size < 60; size++) {
		for (size_t len = 1; len < 60; len++) {
			memset(out, '#', sizeof(out));
			memset(text, len % 2 ? 'x' : '/', len);
			text[len] = '\0';
			collectd_identifier(out, size, text);
			CHECK(strlen(out) < size);
			CHECK(out[size] == '#');
			if (len * (len % 2 ? 1 : 3) < size) {
				CHECK_INT(strlen(out), len * (len % 2 ? 1 : 3));
			} else {
				size_t step = len % 2 ? 1 : 3,
				       kept = (size - 1 - 18) / step * step;

				CHECK_INT(strlen(out), kept + 18);
				CHECK(strncmp(out + kept, "%-", 2) == 0);
			}
		}
	}
	/* nothing is cut in the middle of an escape */
	memset(text, '/', 100);
	text[100] = '\0';
	collectd_identifier(out, sizeof(out), text);
	CHECK(strlen(out) < sizeof(out) && strstr(out, "%2f%-"));
	CHECK_INT(strspn(out, allowed), strlen(out));
}

static const char *printed(const struct snapshot *s, bool collectd)
{
	static char *text;
	FILE *f = write_to(&text);

	if (collectd)
		CHECK_INT(metrics_collectd(f, s, "a/host", 10), 0);
	else
		CHECK_INT(metrics_prometheus(f, s, METRICS_BY_CONTAINER), 0);
	fclose(f);
	return text;
}

/* By workload and by namespace less is said. */
static void grouped(void)
{
	static struct container_stats one = { .name = { "cri-o", "c1" }, .processes = 2 };
	struct snapshot s = { .container = &one, .n = 1 };
	char *text = NULL;
	FILE *f;

	snprintf(one.metadata.pod_namespace, sizeof(one.metadata.pod_namespace), "shop");
	snprintf(one.metadata.pod, sizeof(one.metadata.pod), "web");
	snprintf(one.metadata.container, sizeof(one.metadata.container), "nginx");
	f = write_to(&text);
	CHECK_INT(metrics_prometheus(f, &s, METRICS_BY_WORKLOAD), 0);
	fclose(f);
	CHECK_HAS(text, "{engine=\"cri-o\",namespace=\"shop\",workload=\"web\"} 2\n");
	CHECK(!strstr(text, "ksm_container_info"));
	f = write_to(&text);
	CHECK_INT(metrics_prometheus(f, &s, METRICS_BY_NAMESPACE), 0);
	fclose(f);
	CHECK_HAS(text, "{engine=\"cri-o\",namespace=\"shop\"} 2\n");
	CHECK(!strstr(text, "ksm_container_info"));
	f = write_to(&text);
	CHECK_INT(metrics_prometheus(f, &s, METRICS_BY_CONTAINER), 0);
	fclose(f);
	CHECK_HAS(text, "{engine=\"cri-o\",id=\"c1\",namespace=\"shop\",pod=\"web\",container="
			"\"nginx\"} "
			"2\n");
	free(text);
}

/* A line for each metric of the host and the container, also of what is 0 or 1. */
static void all_lines(void)
{
	static struct container_stats one = { .name = { "docker", "c1" },
					      .charges.known = true };
	struct snapshot s = { .container = &one, .n = 1 };
	struct host_metric host[HOST_METRICS_MAX];
	size_t n = host_metrics(&s, host);
	char want[160];
	const char *text;

	one.processes = 1;
	text = printed(&s, true);
	for (size_t i = 0; i < n; i++) {
		snprintf(want, sizeof(want),
			 "PUTVAL \"a%%2fhost/ksm/%s\" interval=10 N:", host[i].collectd);
		CHECK_HAS(text, want);
	}
	for (size_t i = 0; i < container_metrics_n; i++) {
		snprintf(want, sizeof(want),
			 "PUTVAL \"a%%2fhost/ksm-docker_c1/%s\" interval=10 N:%lld\n",
			 container_metrics[i].collectd,
			 (long long)container_metrics[i].value(&one));
		CHECK_HAS(text, want);
	}
}

/* Names as long as collectd takes them; and an output that fails is told. */
static void collectd_names(void)
{
	static struct container_stats one = { .name = { "docker", "" } };
	struct snapshot s = { .container = &one, .n = 1 };
	const char *text, *name;
	char host[130];
	FILE *f = fopen("/dev/full", "w");

	memset(one.name.id, 'c', sizeof(one.name.id) - 1);
	text = printed(&s, true);
	name = strstr(text, "/ksm-docker_");
	if (CHECK(name != NULL))
		CHECK_INT(strcspn(name + 1, "/"), 127);
	for (size_t len = 126; len < sizeof(host); len++) {
		static char *lines;
		FILE *to = write_to(&lines);

		memset(host, 'h', len);
		host[len] = '\0';
		CHECK_INT(metrics_collectd(to, &s, host, 10), 0);
		fclose(to);
		name = strchr(lines, '"');
		if (CHECK(name != NULL))
			CHECK_INT(strcspn(name + 1, "/"), len < 127 ? len : 127);
	}
	if (f) {
		CHECK(metrics_collectd(f, &s, "h", 10) < 0);
		(void)fclose(f);
	}
	f = fopen("/dev/full", "w");
	if (f) {
		setvbuf(f, NULL, _IONBF, 0);
		CHECK(metrics_prometheus(f, &s, METRICS_BY_CONTAINER) < 0);
		(void)fclose(f);
	}
}

static const char *put(const char *type, double value)
{
	static char *text;
	FILE *f = write_to(&text);

	collectd_value(f, "host", "ksm", type, 2.5, value);
	fclose(f);
	return text;
}

/* Whole numbers as such, times in milliseconds. */
static void collectd_values(void)
{
	CHECK_TEXT(put("gauge-x", 12), "PUTVAL \"host/ksm/gauge-x\" interval=2.5 N:12\n");
	CHECK_TEXT(put("gauge-x", 0.25),
		   "PUTVAL \"host/ksm/gauge-x\" interval=2.5 N:0.250000\n");
	CHECK_TEXT(put("bytes-x", 9007199254740991.0),
		   "PUTVAL \"host/ksm/bytes-x\" interval=2.5 N:9007199254740991\n");
	CHECK_TEXT(put("total_time_in_ms-ksmd_cpu", 1.2345),
		   "PUTVAL \"host/ksm/total_time_in_ms-ksmd_cpu\" interval=2.5 N:1234\n");
	CHECK_TEXT(put("total_time_in_ms", 2),
		   "PUTVAL \"host/ksm/total_time_in_ms\" interval=2.5 N:2\n");
}

/* A counter is told from what goes up and down. */
static void types(void)
{
	struct container_stats one = { .name = { "docker", "c1" }, .charges.known = true };
	struct snapshot s = { .container = &one, .n = 1 };
	struct host_metric host[HOST_METRICS_MAX];
	size_t n = host_metrics(&(struct snapshot){ .n = 0 }, host);
	char want[100];
	const char *text = printed(&s, false);

	for (size_t i = 0; i < n; i++) {
		snprintf(want, sizeof(want), "\n# TYPE %s %s\n%s ", host[i].name,
			 host[i].counter ? "counter" : "gauge", host[i].name);
		CHECK_HAS(text, want);
	}
	for (size_t i = 0; i < container_metrics_n; i++) {
		snprintf(want, sizeof(want), "\n# TYPE %s gauge\n%s{",
			 container_metrics[i].name, container_metrics[i].name);
		CHECK_HAS(text, want);
	}
	CHECK_HAS(text, "\n# TYPE ksm_container_info gauge\nksm_container_info{");
	CHECK(strncmp(text, "# HELP ksm_hook_info The version", 32) == 0);
}

/* No line rather than a 0, which would be a claim. */
static void not_known(void)
{
	struct container_stats list[2] = {
		{ .name = { "docker", "c1" } },
		{ .name = { "docker", "c2" }, .charges = { true, 5, 6, 7, 8 } },
	};
	struct snapshot s = { .container = list, .n = 2 };
	const char *text = printed(&s, false);

	CHECK(!strstr(text, "\nksm_container_charged_bytes{engine=\"docker\",id=\"c1\""));
	CHECK_HAS(text,
		  "\nksm_container_charged_bytes{engine=\"docker\",id=\"c2\",namespace=\"\","
		  "pod=\"\",container=\"\"} 5\n");
	CHECK_HAS(text, "\nksm_container_cost_bytes{engine=\"docker\",id=\"c1\"");
	text = printed(&s, true);
	CHECK(!strstr(text, "docker_c1/memory-charged"));
	CHECK_HAS(text, "docker_c2/memory-elsewhere_at_most\" interval=10 N:8\n");
}

/* A line for each container and metric, whole. */
static void lines(void)
{
	struct container_stats list[2] = {
		{ .name = { "docker", "c1" },
		  .processes = 3,
		  .mergeable = 1,
		  .by_prctl = 1,
		  .anonymous = 4096 },
		{ .name = { "lxc", "w/1" }, .processes = 5, .mergeable = 1, .by_madvise = 1 },
	};
	struct snapshot s = { .container = list, .n = 2 }, none = { 0 };
	const char *text;

	snprintf(list[0].metadata.image, sizeof(list[0].metadata.image), "nginx");
	text = printed(&s, false);
	CHECK_HAS(text,
		  "# TYPE ksm_hook_info gauge\nksm_hook_info{version=\"" VERSION "\"} 1\n");
	CHECK_HAS(
		text,
		"{engine=\"docker\",id=\"c1\",namespace=\"\",pod=\"\",container=\"\"} 4096\n");
	CHECK_HAS(text,
		  "{engine=\"lxc\",id=\"w/1\",namespace=\"\",pod=\"\",container=\"\"} 5\n");
	CHECK_HAS(text,
		  "\nksm_container_info{engine=\"docker\",id=\"c1\",namespace=\"\",pod=\"\","
		  "container=\"\",image=\"nginx\",method=\"prctl\"} 1\n");
	CHECK_HAS(text, "image=\"\",method=\"madvise\"} 1\n");
	text = printed(&none, false);
	CHECK_HAS(text, "ksm_hook_info");
	CHECK(strstr(text, "ksm_container") == NULL);
	text = printed(&s, true);
	CHECK_HAS(text, "PUTVAL \"a%2fhost/ksm/");
	CHECK_HAS(text, "PUTVAL \"a%2fhost/ksm-docker_c1/");
	CHECK_HAS(text, "PUTVAL \"a%2fhost/ksm-lxc_w%2f1/");
	CHECK_HAS(text, "\" interval=10 N:4096\n");
	CHECK(strstr(printed(&none, true), "ksm-") == NULL);
}

int main(void)
{
	RUN(lines);
	RUN(grouped);
	RUN(all_lines);
	RUN(collectd_names);
	RUN(types);
	RUN(not_known);
	RUN(collectd_values);
	RUN(labels);
	RUN(labels_differ);
	RUN(identifiers);
	return check_end();
}
