/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the node's agent and ksm-hook-http, which serves these pages and has no right: it asks
 * for a page by its number in one byte, and gets a header and the text. Several may be asked for
 * at a time, and are answered in any order.
 */
#ifndef KSM_NRI_PAGE_H
#define KSM_NRI_PAGE_H

#include <stdint.h>

enum nri_page { NRI_PAGE_METRICS, NRI_PAGE_HEALTH, NRI_PAGE_READY, NRI_PAGES };

struct nri_page_header {
	uint32_t page;
	uint32_t status; /* of HTTP */
	uint32_t len;    /* of the text, at most NRI_PAGE_MAX */
};

/* The metrics of some ten thousand containers. */
#define NRI_PAGE_MAX (32u << 20)

/* The descriptors that it is started with. */
#define NRI_HTTP_LISTENS 0
#define NRI_HTTP_ASKS    1

#endif
