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

enum cs_decimal_status cs_add_decimals(const char *first, size_t first_bytes,
                                       const char *second, size_t second_bytes,
                                       char *text, size_t *length) {
    cs_long_double a, b;
    if (!cs_long_parse(first, first_bytes, &a)) return CS_DECIMAL_BAD_FIRST;
    if (!cs_long_parse(second, second_bytes, &b)) return CS_DECIMAL_BAD_SECOND;
    cs_long_double sum = cs_long_add(a, b);
    if (!cs_long_is_finite(sum)) return CS_DECIMAL_NOT_FINITE;
    *length = cs_long_format(sum, text);
    return *length > 0 ? CS_DECIMAL_OK : CS_DECIMAL_NOT_FINITE;
}

size_t cs_format_precise(double value, char *text) {
    return (size_t)snprintf(text, 40, "%.17g", value);
}

size_t cs_format_fixed(double value, char *text) {
    return (size_t)snprintf(text, 320, "%f", value);
}

bool cs_parse_double(const char *text, size_t bytes, double *value) {
    char copy[CS_DECIMAL_TEXT_BYTES];
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
