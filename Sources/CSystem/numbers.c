#define _GNU_SOURCE
#include "csystem.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#if defined(__x86_64__)
#include <cpuid.h>
bool cs_cycles_are_invariant(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(0x80000007, &a, &b, &c, &d)) return false;
    return (d >> 8) & 1;
}
#else
bool cs_cycles_are_invariant(void) { return false; }
#endif

// A number must fill the whole text, must not start with a blank and must not be NaN.
static bool parse_decimal(const char *text, size_t bytes, long double *value) {
    char copy[256];
    if (bytes == 0 || bytes >= sizeof copy || isspace((unsigned char)text[0])) return false;
    memcpy(copy, text, bytes);
    copy[bytes] = 0;
    char *end;
    errno = 0;
    *value = strtold(copy, &end);
    if (end != copy + bytes) return false;
    if (errno == ERANGE && (isinf(*value) || *value == 0)) return false;
    return !isnan(*value);
}

enum cs_decimal_status cs_add_decimals(const char *first, size_t first_bytes,
                                       const char *second, size_t second_bytes,
                                       char *text, size_t *length) {
    long double a, b;
    if (!parse_decimal(first, first_bytes, &a)) return CS_DECIMAL_BAD_FIRST;
    if (!parse_decimal(second, second_bytes, &b)) return CS_DECIMAL_BAD_SECOND;
    long double sum = a + b;
    if (!isfinite(sum)) return CS_DECIMAL_NOT_FINITE;
    int written = snprintf(text, CS_DECIMAL_TEXT_BYTES, "%.17Lf", sum);
    if (written <= 0 || written >= CS_DECIMAL_TEXT_BYTES) return CS_DECIMAL_NOT_FINITE;
    size_t n = (size_t)written;
    if (memchr(text, '.', n)) {
        while (text[n - 1] == '0') n--;
        if (text[n - 1] == '.') n--;
    }
    if (n == 2 && text[0] == '-' && text[1] == '0') {
        text[0] = '0';
        n = 1;
    }
    *length = n;
    return CS_DECIMAL_OK;
}

int cs_compare_decimals(const char *first, size_t first_bytes,
                        const char *second, size_t second_bytes) {
    long double a, b;
    if (!parse_decimal(first, first_bytes, &a) || !parse_decimal(second, second_bytes, &b)) return -2;
    return a < b ? -1 : a > b;
}

size_t cs_format_double(double value, char *text) {
    for (int precision = 15; precision <= 17; precision++) {
        int n = snprintf(text, 40, "%.*g", precision, value);
        if (precision == 17 || strtod(text, NULL) == value) return (size_t)n;
    }
    return 0;
}

bool cs_parse_double(const char *text, size_t bytes, double *value) {
    char copy[256];
    if (bytes == 0 || bytes >= sizeof copy || isspace((unsigned char)text[0])) return false;
    memcpy(copy, text, bytes);
    copy[bytes] = 0;
    char *end;
    errno = 0;
    *value = strtod(copy, &end);
    if (end != copy + bytes) return false;
    if (errno == ERANGE && (isinf(*value) || *value == 0)) return false;
    return !isnan(*value);
}
