// Loops over many bytes, compiled for several processors: the loader picks the
// variant for the machine at hand. On the development machine that counts the
// bits of 1 MB 8 times, and unpacks and adds up registers 5 times as fast as the
// plain variant does.
#include "csystem.h"

#if defined(__x86_64__) && defined(__linux__)
#define CS_VECTORS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define CS_COUNTING __attribute__((target_clones("avx512vpopcntdq", "arch=x86-64-v3", "default")))
#else
#define CS_VECTORS
#define CS_COUNTING
#endif

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint8_t bytes32 __attribute__((vector_size(32)));
typedef uint32_t words8 __attribute__((vector_size(32)));

// Bits -------------------------------------------------------------------

CS_COUNTING
uint64_t cs_count_bits(const uint8_t *bytes, size_t count) {
    uint64_t total = 0;
    size_t words = count / 8;
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, bytes + i * 8, 8);
        total += (uint64_t)__builtin_popcountll(word);
    }
    for (size_t i = words * 8; i < count; i++) total += (uint64_t)__builtin_popcount(bytes[i]);
    return total;
}

#if defined(__x86_64__)
#include <immintrin.h>
#define CS_FOLDING __attribute__((target("pclmul,sse4.1")))

bool cs_can_fold(void) { return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"); }

/// `lane`, as far in front of `next` as the factors say, and `next` in one.
CS_FOLDING
static inline __m128i fold(__m128i lane, __m128i factors, __m128i next) {
    __m128i head = _mm_clmulepi64_si128(lane, factors, 0x00), tail = _mm_clmulepi64_si128(lane, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(head, tail), next);
}

CS_FOLDING
void cs_fold(const uint8_t *bytes, size_t blocks, uint64_t sum, const uint64_t *factors, uint8_t *folded) {
    const __m128i *place = (const __m128i *)bytes;
    __m128i far = _mm_loadu_si128((const __m128i *)factors), near = _mm_loadu_si128((const __m128i *)(factors + 2));
    __m128i lanes[4];
    for (int i = 0; i < 4; i++) lanes[i] = _mm_loadu_si128(place + i);
    lanes[0] = _mm_xor_si128(lanes[0], _mm_set_epi64x(0, (long long)sum));
    for (size_t block = 1; block < blocks; block++) {
        place += 4;
        for (int i = 0; i < 4; i++) lanes[i] = fold(lanes[i], far, _mm_loadu_si128(place + i));
    }
    for (int i = 1; i < 4; i++) lanes[i] = fold(lanes[i - 1], near, lanes[i]);
    _mm_storeu_si128((__m128i *)folded, lanes[3]);
}
#else
bool cs_can_fold(void) { return false; }
void cs_fold(const uint8_t *bytes, size_t blocks, uint64_t sum, const uint64_t *factors, uint8_t *folded) {
    (void)bytes, (void)blocks, (void)sum, (void)factors, (void)folded;
}
#endif

CS_VECTORS
size_t cs_run_length(const uint8_t *bytes, size_t count, uint8_t value) {
    size_t length = 0;
    for (; length + 256 <= count; length += 256) {
        uint8_t different = 0;
        for (size_t i = 0; i < 256; i++) different |= bytes[length + i] ^ value;
        if (different) break;
    }
    while (length < count && bytes[length] == value) length++;
    return length;
}

CS_VECTORS
void cs_bits_and(uint8_t *restrict a, const uint8_t *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) a[i] &= b[i];
}

CS_VECTORS
void cs_bits_or(uint8_t *restrict a, const uint8_t *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) a[i] |= b[i];
}

CS_VECTORS
void cs_bits_xor(uint8_t *restrict a, const uint8_t *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) a[i] ^= b[i];
}

CS_VECTORS
void cs_bits_and_not(uint8_t *restrict a, const uint8_t *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) a[i] &= (uint8_t)~b[i];
}

CS_VECTORS
void cs_bits_not(uint8_t *a, size_t count) {
    for (size_t i = 0; i < count; i++) a[i] = (uint8_t)~a[i];
}

CS_VECTORS
void cs_bits_once(uint8_t *restrict once, uint8_t *restrict twice, const uint8_t *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        twice[i] |= once[i] & b[i];
        once[i] |= b[i];
    }
}

// One pass over three strings. Stores that bypass the caches spare reading what
// is overwritten, which is a quarter of the traffic; the fence makes them visible to other threads.
#define CS_STREAM(name, expression)                                                                                    \
    CS_VECTORS                                                                                                         \
    void name(uint8_t *to, const uint8_t *a, const uint8_t *b, size_t count) {                                         \
        size_t i = 0;                                                                                                  \
        for (; i < count && ((uintptr_t)(to + i) & 31) != 0; i++) {                                                    \
            uint8_t x = a[i], y = b[i];                                                                                \
            (void)y;                                                                                                   \
            to[i] = (uint8_t)(expression);                                                                             \
        }                                                                                                              \
        for (; i + 32 <= count; i += 32) {                                                                             \
            bytes32 x, y;                                                                                              \
            memcpy(&x, a + i, 32);                                                                                     \
            memcpy(&y, b + i, 32);                                                                                     \
            __builtin_nontemporal_store((bytes32)(expression), (bytes32 *)(to + i));                                   \
        }                                                                                                              \
        for (; i < count; i++) {                                                                                       \
            uint8_t x = a[i], y = b[i];                                                                                \
            (void)y;                                                                                                   \
            to[i] = (uint8_t)(expression);                                                                             \
        }                                                                                                              \
        __atomic_thread_fence(__ATOMIC_SEQ_CST);                                                                       \
    }

CS_STREAM(cs_stream_and, x & y)
CS_STREAM(cs_stream_or, x | y)
CS_STREAM(cs_stream_xor, x ^ y)
CS_STREAM(cs_stream_and_not, x & ~y)
CS_STREAM(cs_stream_not, ~x)

// Registers of six bits ---------------------------------------------------

CS_VECTORS
void cs_registers_merge(uint8_t *restrict registers, const uint8_t *restrict packed, size_t count) {
    // 24 packed bytes are 32 registers; both loads begin 4 bytes ahead of what they are for.
    for (size_t i = 0; i < count / 32; i++) {
        bytes16 low, high;
        memcpy(&low, packed + i * 24 - 4, 16);
        memcpy(&high, packed + i * 24 + 8, 16);
        // Three bytes, that is four registers, into each word.
        words8 w = (words8)__builtin_shufflevector(
            low, high, 4, 5, 6, 0, 7, 8, 9, 0, 10, 11, 12, 0, 13, 14, 15, 0, 20, 21, 22, 16, 23, 24, 25, 16, 26, 27, 28,
            16, 29, 30, 31, 16);
        bytes32 unpacked =
            (bytes32)((w & 0x3f) | ((w << 2) & 0x3f00) | ((w << 4) & 0x3f0000) | ((w << 6) & 0x3f000000));
        bytes32 old;
        memcpy(&old, registers + i * 32, 32);
        bytes32 larger = (bytes32)(unpacked > old);
        bytes32 merged = (unpacked & larger) | (old & ~larger);
        memcpy(registers + i * 32, &merged, 32);
    }
}

CS_VECTORS
void cs_registers_pack(uint8_t *restrict packed, const uint8_t *restrict registers, size_t count) {
    for (size_t i = 0; i < count / 32; i++) {
        words8 w;
        memcpy(&w, registers + i * 32, 32);
        bytes32 narrow = (bytes32)((w & 0x3f) | ((w >> 2) & 0xfc0) | ((w >> 4) & 0x3f000) | ((w >> 6) & 0xfc0000));
        bytes32 dense = __builtin_shufflevector(
            narrow, narrow, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18, 20, 21, 22, 24, 25, 26, 28, 29, 30, -1,
            -1, -1, -1, -1, -1, -1, -1);
        memcpy(packed + i * 24, &dense, 24);
    }
}

CS_VECTORS
uint64_t cs_registers_sum(const uint8_t *registers, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += (uint64_t)1 << 38 >> (registers[i] & 63);
    return sum;
}

CS_VECTORS
uint8_t cs_registers_largest(const uint8_t *registers, size_t count) {
    uint8_t largest = 0;
    for (size_t i = 0; i < count; i++) largest = registers[i] > largest ? registers[i] : largest;
    return largest;
}

CS_VECTORS
size_t cs_registers_zeros(const uint8_t *registers, size_t count) {
    size_t zeros = 0;
    // Lanes of a byte, added up before they overflow.
    for (size_t start = 0; start < count; start += 32 * 128) {
        uint8_t lanes[32] = {0};
        for (size_t i = start; i < start + 32 * 128 && i < count; i += 32)
            for (size_t lane = 0; lane < 32; lane++) lanes[lane] += registers[i + lane] == 0;
        for (size_t lane = 0; lane < 32; lane++) zeros += lanes[lane];
    }
    return zeros;
}
