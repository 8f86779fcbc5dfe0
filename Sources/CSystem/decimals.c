#define _GNU_SOURCE
#include "csystem.h"
#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

_Static_assert(sizeof(long double) <= sizeof(cs_long_double), "a long double fits");

static cs_long_double boxed(long double value) {
    cs_long_double box = {{0, 0}};
    memcpy(&box, &value, sizeof value);
    return box;
}

static long double unboxed(cs_long_double box) {
    long double value;
    memcpy(&value, &box, sizeof value);
    return value;
}

bool cs_long_parse(const char *text, size_t bytes, cs_long_double *value) {
    char copy[256];
    if (bytes == 0 || bytes >= sizeof copy || isspace((unsigned char)text[0])) return false;
    memcpy(copy, text, bytes);
    copy[bytes] = 0;
    char *end;
    errno = 0;
    long double parsed = strtold(copy, &end);
    if (end != copy + bytes || isnan(parsed)) return false;
    if (errno == ERANGE && (isinf(parsed) || parsed == 0)) return false;
    *value = boxed(parsed);
    return true;
}

cs_long_double cs_long_add(cs_long_double a, cs_long_double b) { return boxed(unboxed(a) + unboxed(b)); }

cs_long_double cs_long_subtract(cs_long_double a, cs_long_double b) { return boxed(unboxed(a) - unboxed(b)); }

int cs_long_compare(cs_long_double a, cs_long_double b) {
    long double x = unboxed(a), y = unboxed(b);
    return x < y ? -1 : x > y;
}

bool cs_long_is_finite(cs_long_double value) { return isfinite(unboxed(value)); }

cs_long_double cs_long_largest(void) { return boxed(LDBL_MAX); }

size_t cs_long_format(cs_long_double value, char *text) {
    int written = snprintf(text, CS_DECIMAL_TEXT_BYTES, "%.17Lf", unboxed(value));
    if (written <= 0 || written >= CS_DECIMAL_TEXT_BYTES) return 0;
    size_t n = (size_t)written;
    if (memchr(text, '.', n)) {
        while (text[n - 1] == '0') n--;
        if (text[n - 1] == '.') n--;
    }
    if (n == 2 && text[0] == '-' && text[1] == '0') {
        text[0] = '0';
        n = 1;
    }
    return n;
}
