// C shims: what Swift cannot say itself. No logic lives here.
#ifndef NEEDLETAIL_CSYSTEM_H
#define NEEDLETAIL_CSYSTEM_H

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// Memory ---------------------------------------------------------------

/// Hint that the cache line at `address` is about to be read.
static inline void cs_prefetch(const void *address) { __builtin_prefetch(address); }

/// Writes a RESP bulk string of fewer than 100 bytes to `begin`, which has room for
/// 7 bytes more than that; returns its end. Up to 32 bytes are copied in two pieces
/// that may overlap, without a call.
static inline void *cs_write_short_bulk(void *begin, const void *source, size_t count) {
    uint8_t *out = begin;
    const uint8_t *bytes = source;
    *out++ = '$';
    if (count >= 10) *out++ = (uint8_t)('0' + count / 10);
    *out++ = (uint8_t)('0' + count % 10);
    *out++ = '\r';
    *out++ = '\n';
    if (count > 32) {
        memcpy(out, bytes, count);
    } else if (count >= 16) {
        memcpy(out, bytes, 16);
        memcpy(out + count - 16, bytes + count - 16, 16);
    } else if (count >= 8) {
        memcpy(out, bytes, 8);
        memcpy(out + count - 8, bytes + count - 8, 8);
    } else if (count >= 4) {
        memcpy(out, bytes, 4);
        memcpy(out + count - 4, bytes + count - 4, 4);
    } else {
        for (size_t i = 0; i < count; i++) out[i] = bytes[i];
    }
    out[count] = '\r';
    out[count + 1] = '\n';
    return out + count + 2;
}

/// Zeroed memory aligned to 64 bytes; NULL when there is none. Free with free().
void *cs_allocate_lines(size_t bytes);

/// Where jemalloc counts the bytes that the calling thread has allocated (or
/// freed) since it started; NULL when another allocator is in place.
const uint64_t *cs_thread_allocated_counter(void);
const uint64_t *cs_thread_deallocated_counter(void);

/// A counter that another thread writes.
static inline uint64_t cs_load_relaxed(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/// Reference counts of shared blocks.
static inline void cs_reference_retain(uint32_t *count) {
    __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}
/// True for the caller who gave up the last reference.
static inline bool cs_reference_release(uint32_t *count) {
    return __atomic_fetch_sub(count, 1, __ATOMIC_ACQ_REL) == 1;
}
static inline uint32_t cs_reference_load(const uint32_t *count) {
    return __atomic_load_n(count, __ATOMIC_ACQUIRE);
}

/// A named jemalloc setting or figure that is a number or a flag; 0 or an errno.
int cs_allocator_read(const char *name, uint64_t *value);
/// Sets a number or a flag; 0 or an errno.
int cs_allocator_write(const char *name, uint64_t value);
/// A text; NULL when there is none. For names of texts only: other values are taken for pointers.
const char *cs_allocator_text(const char *name);
/// Has something done that takes and gives nothing; 0 or an errno.
int cs_allocator_do(const char *name);
/// A named jemalloc figure (stats.resident, ...); 0 when unknown.
uint64_t cs_allocator_statistic(const char *name);
/// Makes jemalloc's figures current.
void cs_allocator_refresh(void);
/// Writes jemalloc's account of itself, `capacity` bytes at most; returns how many.
size_t cs_allocator_report(uint8_t *bytes, size_t capacity);
/// Gives unused pages of all arenas back to the system.
void cs_allocator_purge(void);
const char *cs_allocator_version(void);
/// Lets jemalloc give freed pages back in the background, also while nothing is allocated.
void cs_allocator_purge_in_background(void);

// Time -----------------------------------------------------------------

static inline int64_t cs_monotonic_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
static inline int64_t cs_wall_microseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
#if defined(__x86_64__)
static inline uint64_t cs_cycles(void) { return __builtin_ia32_rdtsc(); }
#else
static inline uint64_t cs_cycles(void) { return (uint64_t)cs_monotonic_nanoseconds(); }
#endif
/// Whether cs_cycles() ticks at a constant rate on every core.
bool cs_cycles_are_invariant(void);

// Numbers --------------------------------------------------------------

/// Longest text that cs_add_decimals writes, in bytes.
#define CS_DECIMAL_TEXT_BYTES 5120
enum cs_decimal_status {
    CS_DECIMAL_OK,
    CS_DECIMAL_BAD_FIRST,
    CS_DECIMAL_BAD_SECOND,
    CS_DECIMAL_NOT_FINITE,
};
/// Adds two decimal texts as `long double` and writes the sum without
/// exponent and without trailing zeros; `length` receives its bytes.
enum cs_decimal_status cs_add_decimals(const char *first, size_t first_bytes,
                                       const char *second, size_t second_bytes,
                                       char *text, size_t *length);
/// 17 significant digits, which read back as the same double; returns the bytes (at most 40).
size_t cs_format_precise(double value, char *text);
/// Six digits behind the point and no exponent; returns the bytes (at most 320).
size_t cs_format_fixed(double value, char *text);
/// Reads a double that fills the whole text; false when it does not.
bool cs_parse_double(const char *text, size_t bytes, double *value);

// Sockets and files ----------------------------------------------------

// Reads and writes return the bytes moved or the negated errno.
static inline ssize_t cs_receive(int fd, void *buffer, size_t bytes) {
    ssize_t n = read(fd, buffer, bytes);
    return n < 0 ? -errno : n;
}
// Called for every request, so by number: glibc's own wrappers are cancellation
// points, which costs a process with threads some dozens of instructions. recvfrom
// also spares the file-system layers that read passes on its way to a socket.
static inline ssize_t cs_socket_receive(int fd, void *buffer, size_t bytes) {
    ssize_t n = syscall(SYS_recvfrom, fd, buffer, bytes, 0, NULL, NULL);
    return n < 0 ? -errno : n;
}
static inline ssize_t cs_send(int fd, const void *buffer, size_t bytes) {
    ssize_t n = syscall(SYS_sendto, fd, buffer, bytes, MSG_NOSIGNAL, NULL, 0);
    return n < 0 ? -errno : n;
}
static inline ssize_t cs_send_vectors(int fd, const struct iovec *vectors, int count) {
    struct msghdr message = {.msg_iov = (struct iovec *)vectors, .msg_iovlen = (size_t)count};
    ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
    return n < 0 ? -errno : n;
}
static inline int cs_errno(void) { return errno; }
static inline uint64_t cs_event_token(const struct epoll_event *event) { return event->data.u64; }
static inline int cs_epoll_change(int poll, int operation, int fd, uint32_t interest, uint64_t token) {
    struct epoll_event event = {.events = interest, .data = {.u64 = token}};
    return epoll_ctl(poll, operation, fd, &event);
}
/// A listening, non-blocking TCP socket on `address` (numeric or a name) and `port`, or a
/// negated errno with its text in `message`. `mark`: SO_MARK, 0 for none.
int cs_listen_tcp(const char *address, uint16_t port, int backlog, uint32_t mark, char *message, size_t message_bytes);
/// A listening, non-blocking unix socket whose permissions (0: as the umask has them) and group
/// ("": the process's) are set before anyone can connect, or a negated errno.
int cs_listen_unix(const char *path, uint32_t mode, const char *group, int backlog);
/// A non-blocking socket whose connection is under way, or a negated errno. `source`: the local
/// address, "" for any.
int cs_connect_tcp(const char *address, uint16_t port, const char *source, uint32_t mark);
/// Writes the numeric addresses of `name`, one a line, each behind the other; 0, or EAI_ error.
/// Asks the system's resolver, which may take seconds.
int cs_resolve(const char *name, char *text, size_t capacity);
int cs_set_mark(int fd, uint32_t mark);
/// A listening socket gives up its address for others, and takes it back; 0, or a negated errno.
int cs_pause_listening(int fd);
int cs_resume_listening(int fd, int backlog);
/// The "address:port" or "[address]:port" text of a socket's peer (or its own end); bytes written.
size_t cs_socket_name(int fd, bool peer, char *text, size_t capacity);
/// A non-blocking connection, or a negated errno.
int cs_accept(int listener);
int cs_set_no_delay(int fd);
int cs_set_keep_alive(int fd, int seconds);
int cs_socket_error(int fd);
// Sleeps; the kernel may add a microsecond (and does add its slack unless `cs_timer_descriptor` was called).
void cs_rest(int64_t nanoseconds);
int cs_timer_descriptor(void);
/// Makes the timer ring once, so many nanoseconds from now.
void cs_timer_set(int descriptor, int64_t nanoseconds);
int cs_wake_descriptor(void);
/// An eventfd that counts: each wait takes one.
int cs_semaphore_descriptor(void);
void cs_wait_semaphore(int descriptor);
void cs_wake(int descriptor);
void cs_wake_clear(int descriptor);
int cs_raise_descriptor_limit(uint64_t wanted, uint64_t *granted);
ssize_t cs_random_bytes(void *buffer, size_t bytes);
uint64_t cs_resident_bytes(void);
void cs_cpu_microseconds(int who, int64_t *user, int64_t *system);
int64_t cs_local_offset_seconds(int64_t wall_seconds);
size_t cs_system_name(char *text, size_t capacity);
void cs_ignore_broken_pipes(void);

// Many bytes at once -------------------------------------------------------

/// Bits that are one.
uint64_t cs_count_bits(const uint8_t *bytes, size_t count);
/// Whether the processor multiplies without carries.
bool cs_can_fold(void);
/// Folds blocks of 64 bytes, of which there is at least one, into the 16 bytes that are behind them in place of all: they leave
/// the same remainder by a reflected polynomial of 64 bits. `sum`: the remainder of what stands in front; `factors`: those of
/// x^575, x^511, x^191 and x^127.
void cs_fold(const uint8_t *bytes, size_t blocks, uint64_t sum, const uint64_t *factors, uint8_t *folded);
/// How many bytes in front equal `value`.
size_t cs_run_length(const uint8_t *bytes, size_t count, uint8_t value);
// a = a op b; a and b do not overlap.
void cs_bits_and(uint8_t *a, const uint8_t *b, size_t count);
void cs_bits_or(uint8_t *a, const uint8_t *b, size_t count);
void cs_bits_xor(uint8_t *a, const uint8_t *b, size_t count);
void cs_bits_and_not(uint8_t *a, const uint8_t *b, size_t count);
void cs_bits_not(uint8_t *a, size_t count);
/// Adds b to the bits seen once at least and those seen twice at least.
void cs_bits_once(uint8_t *once, uint8_t *twice, const uint8_t *b, size_t count);
// to = a op b, stored past the caches: for what does not fit them. `to` may be a or b.
void cs_stream_and(uint8_t *to, const uint8_t *a, const uint8_t *b, size_t count);
void cs_stream_or(uint8_t *to, const uint8_t *a, const uint8_t *b, size_t count);
void cs_stream_xor(uint8_t *to, const uint8_t *a, const uint8_t *b, size_t count);
void cs_stream_and_not(uint8_t *to, const uint8_t *a, const uint8_t *b, size_t count);
/// The inverse of a; b is not used.
void cs_stream_not(uint8_t *to, const uint8_t *a, const uint8_t *b, size_t count);

// `count` registers, a multiple of 32, one per byte; packed ones have six bits
// each, the lowest bits of the lowest byte first.
/// Raises registers to those of `packed`, ahead of which four bytes must be readable.
void cs_registers_merge(uint8_t *registers, const uint8_t *packed, size_t count);
void cs_registers_pack(uint8_t *packed, const uint8_t *registers, size_t count);
/// The sum of 2^(38 - register); registers above 38 count nothing.
uint64_t cs_registers_sum(const uint8_t *registers, size_t count);
uint8_t cs_registers_largest(const uint8_t *registers, size_t count);
size_t cs_registers_zeros(const uint8_t *registers, size_t count);

// long double, which Swift has not on every machine -----------------------

// The bytes of a long double.
typedef struct {
    uint64_t words[2];
} cs_long_double;

bool cs_long_parse(const char *text, size_t bytes, cs_long_double *value);
cs_long_double cs_long_add(cs_long_double a, cs_long_double b);
cs_long_double cs_long_subtract(cs_long_double a, cs_long_double b);
// -1, 0 or 1.
int cs_long_compare(cs_long_double a, cs_long_double b);
bool cs_long_is_finite(cs_long_double value);
cs_long_double cs_long_largest(void);
// Writes at most CS_DECIMAL_TEXT_BYTES bytes, without trailing zeros; returns how many.
size_t cs_long_format(cs_long_double value, char *text);

#endif
