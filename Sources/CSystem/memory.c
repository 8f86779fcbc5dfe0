#define _GNU_SOURCE
#include "csystem.h"
#include <stdio.h>
#include <string.h>

#ifdef CS_PLAIN_MALLOC
// For builds with AddressSanitizer: its allocator, of which there is nothing to tell.

void *cs_allocate_lines(size_t bytes) {
    size_t rounded = (bytes + 63) / 64 * 64;
    void *lines = aligned_alloc(64, rounded);
    if (lines) memset(lines, 0, rounded);
    return lines;
}

const uint64_t *cs_thread_allocated_counter(void) { return NULL; }
const uint64_t *cs_thread_deallocated_counter(void) { return NULL; }
uint64_t cs_allocator_statistic(const char *name) { (void)name; return 0; }
int cs_allocator_read(const char *name, uint64_t *value) { (void)name; *value = 0; return ENOENT; }
void cs_allocator_refresh(void) {}
int cs_allocator_write(const char *name, uint64_t value) { (void)name; (void)value; return ENOENT; }
const char *cs_allocator_text(const char *name) { (void)name; return NULL; }
int cs_allocator_do(const char *name) { (void)name; return ENOENT; }
size_t cs_allocator_report(uint8_t *bytes, size_t capacity) { (void)bytes; (void)capacity; return 0; }
void cs_allocator_purge(void) {}
const char *cs_allocator_version(void) { return "plain"; }
void cs_allocator_purge_in_background(void) {}

#else
#include <jemalloc/jemalloc.h>

// One thread allocates; the others free what it has left, which goes back to its arena anyway. Others would only have
// pages of their own to keep, and a fork writes to those of every arena.
const char *malloc_conf = "narenas:1";

void *cs_allocate_lines(size_t bytes) {
    return mallocx(bytes, MALLOCX_ALIGN(64) | MALLOCX_ZERO);
}

static const uint64_t *thread_counter(const char *name) {
    const uint64_t *counter = NULL;
    size_t size = sizeof counter;
    if (mallctl(name, &counter, &size, NULL, 0) != 0) return NULL;
    return counter;
}

const uint64_t *cs_thread_allocated_counter(void) { return thread_counter("thread.allocatedp"); }
const uint64_t *cs_thread_deallocated_counter(void) { return thread_counter("thread.deallocatedp"); }

uint64_t cs_allocator_statistic(const char *name) {
    size_t value = 0, size = sizeof value;
    return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

int cs_allocator_read(const char *name, uint64_t *value) {
    // Settings are as wide as they are; the allocator refuses other sizes.
    for (size_t width = 8; width > 0; width /= 2) {
        size_t size = width;
        *value = 0;
        int failure = mallctl(name, value, &size, NULL, 0);
        if (failure != EINVAL) return failure;
    }
    return EINVAL;
}

int cs_allocator_write(const char *name, uint64_t value) {
    for (size_t width = 8; width > 0; width /= 2) {
        int failure = mallctl(name, NULL, NULL, &value, width);
        if (failure != EINVAL) return failure;
    }
    return EINVAL;
}

const char *cs_allocator_text(const char *name) {
    const char *text = NULL;
    size_t size = sizeof text;
    return mallctl(name, &text, &size, NULL, 0) == 0 ? text : NULL;
}

int cs_allocator_do(const char *name) { return mallctl(name, NULL, NULL, NULL, 0); }

void cs_allocator_refresh(void) {
    uint64_t epoch = 1;
    size_t size = sizeof epoch;
    mallctl("epoch", &epoch, &size, &epoch, size);
}

struct report {
    uint8_t *bytes;
    size_t capacity, count;
};

static void append_to_report(void *target, const char *text) {
    struct report *report = target;
    size_t room = report->capacity - report->count, length = strnlen(text, room);
    memcpy(report->bytes + report->count, text, length);
    report->count += length;
}

size_t cs_allocator_report(uint8_t *bytes, size_t capacity) {
    struct report report = {bytes, capacity, 0};
    malloc_stats_print(append_to_report, &report, NULL);
    return report.count;
}

void cs_allocator_purge(void) {
    char name[64];
    snprintf(name, sizeof name, "arena.%u.purge", (unsigned)MALLCTL_ARENAS_ALL);
    mallctl(name, NULL, NULL, NULL, 0);
}

const char *cs_allocator_version(void) {
    const char *version = "unknown";
    size_t size = sizeof version;
    mallctl("version", &version, &size, NULL, 0);
    return version;
}

void cs_allocator_purge_in_background(void) {
    bool on = true;
    mallctl("background_thread", NULL, NULL, &on, sizeof on);
}

#endif
