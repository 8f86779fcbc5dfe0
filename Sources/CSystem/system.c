#define _GNU_SOURCE
#include "csystem.h"
#include "csystem_process.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/utsname.h>

int cs_listen_tcp(const char *address, uint16_t port, int backlog, uint32_t mark, char *message, size_t message_bytes) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(address, service, &hints, &found);
    if (failure != 0) {
        snprintf(message, message_bytes, "%s", gai_strerror(failure));
        return failure == EAI_ADDRFAMILY ? -EAFNOSUPPORT : -ENOENT;
    }
    int result = -EADDRNOTAVAIL;
    for (struct addrinfo *a = found; a && result < 0; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0) {
            result = -errno;
            continue;
        }
        int one = 1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (a->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
        if ((mark == 0 || cs_set_mark(fd, mark) == 0) && bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, backlog) == 0) {
            result = fd;
        } else {
            result = -errno;
            close(fd);
        }
    }
    freeaddrinfo(found);
    if (result < 0) snprintf(message, message_bytes, "%s", strerror(-result));
    return result;
}

int cs_set_mark(int fd, uint32_t mark) { return setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark); }

int cs_pause_listening(int fd) { return shutdown(fd, SHUT_RDWR) == 0 ? 0 : -errno; }
int cs_resume_listening(int fd, int backlog) { return listen(fd, backlog) == 0 ? 0 : -errno; }

int cs_listen_unix(const char *path, uint32_t mode, const char *group, int backlog) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return -ENAMETOOLONG;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    unlink(path);
    // Nobody can connect before listen(), so owner and mode set between bind and listen are early enough.
    int failure = bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : -errno;
    if (failure == 0 && *group) failure = cs_give_to_group(path, group);
    if (failure == 0 && mode != 0 && chmod(path, mode) != 0) failure = -errno;
    if (failure == 0 && listen(fd, backlog) != 0) failure = -errno;
    if (failure == 0) return fd;
    close(fd);
    return failure;
}

/// Binds a socket to a numeric local address; 0, or -1 with errno.
static int bind_source(int fd, int family, const char *source) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int one = 1;
    if (getaddrinfo(source, NULL, &hints, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    int result = bind(fd, found->ai_addr, found->ai_addrlen), saved = errno;
    freeaddrinfo(found);
    errno = saved;
    return result;
}

int cs_connect_tcp(const char *address, uint16_t port, const char *source, uint32_t mark) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(address, service, &hints, &found) != 0) {
        return -EADDRNOTAVAIL;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        fd = -errno;
    } else if ((mark != 0 && cs_set_mark(fd, mark) != 0) || (*source && bind_source(fd, found->ai_family, source) != 0) ||
               (connect(fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS)) {
        int saved = errno;
        close(fd);
        fd = -saved;
    }
    freeaddrinfo(found);
    return fd;
}

int cs_resolve(const char *name, char *text, size_t capacity) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(name, NULL, &hints, &found);
    size_t used = 0;
    text[0] = 0;
    if (failure != 0) return failure;
    for (struct addrinfo *a = found; a; a = a->ai_next) {
        char host[NI_MAXHOST];
        if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0) continue;
        int n = snprintf(text + used, capacity - used, "%s\n", host);
        if (n < 0 || (size_t)n >= capacity - used) {
            text[used] = 0;
            break;
        }
        used += (size_t)n;
    }
    freeaddrinfo(found);
    return 0;
}

size_t cs_socket_name(int fd, bool peer, char *text, size_t capacity) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    int failed = peer ? getpeername(fd, (struct sockaddr *)&address, &size)
                      : getsockname(fd, (struct sockaddr *)&address, &size);
    int n = 0;
    char host[INET6_ADDRSTRLEN] = "?";
    if (failed) {
        n = snprintf(text, capacity, "?:0");
    } else if (address.ss_family == AF_INET) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        n = snprintf(text, capacity, "%s:%u", host, ntohs(v4->sin_port));
    } else if (address.ss_family == AF_INET6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        n = snprintf(text, capacity, "[%s]:%u", host, ntohs(v6->sin6_port));
    } else {
        n = snprintf(text, capacity, "unix:0");
    }
    return n < 0 ? 0 : (size_t)n < capacity ? (size_t)n : capacity - 1;
}

int cs_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int cs_set_no_delay(int fd) {
    int one = 1;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

int cs_set_keep_alive(int fd, int seconds) {
    int one = 1, interval = seconds / 3 > 0 ? seconds / 3 : 1, probes = 3;
    if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) != 0) return -1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds) != 0) return -1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval) != 0) return -1;
    return setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

int cs_socket_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

int cs_timer_descriptor(void) {
    prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0); // of this thread; the default of 50 us would more than double a rest
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}
void cs_rest(int64_t nanoseconds) {
    struct timespec moment = {.tv_sec = 0, .tv_nsec = nanoseconds};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
}
void cs_timer_set(int descriptor, int64_t nanoseconds) {
    struct itimerspec delay = {.it_value = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}};
    timerfd_settime(descriptor, 0, &delay, NULL);
}
int cs_wake_descriptor(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
int cs_semaphore_descriptor(void) { return eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC); }
void cs_wait_semaphore(int descriptor) {
    uint64_t one;
    while (read(descriptor, &one, sizeof one) < 0 && errno == EINTR) {}
}
void cs_wake(int descriptor) {
    uint64_t one = 1;
    ssize_t ignored = write(descriptor, &one, sizeof one);
    (void)ignored;
}
void cs_wake_clear(int descriptor) {
    uint64_t count;
    ssize_t ignored = read(descriptor, &count, sizeof count);
    (void)ignored;
}

int cs_raise_descriptor_limit(uint64_t wanted, uint64_t *granted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    if (limit.rlim_cur < wanted) {
        struct rlimit raised = limit;
        raised.rlim_cur = wanted;
        if (raised.rlim_max < wanted) raised.rlim_max = wanted;
        if (setrlimit(RLIMIT_NOFILE, &raised) != 0) {
            raised.rlim_max = limit.rlim_max;
            raised.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
            setrlimit(RLIMIT_NOFILE, &raised);
        }
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    *granted = limit.rlim_cur;
    return 0;
}

ssize_t cs_random_bytes(void *buffer, size_t bytes) { return getrandom(buffer, bytes, 0); }

uint64_t cs_resident_bytes(void) {
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) return 0;
    text[n] = 0;
    unsigned long total = 0, resident = 0;
    if (sscanf(text, "%lu %lu", &total, &resident) != 2) return 0;
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void cs_cpu_microseconds(int who, int64_t *user, int64_t *system) {
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    getrusage(who, &usage);
    *user = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec;
    *system = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec;
}

int64_t cs_local_offset_seconds(int64_t wall_seconds) {
    time_t t = (time_t)wall_seconds;
    struct tm local;
    localtime_r(&t, &local);
    return local.tm_gmtoff;
}

size_t cs_system_name(char *text, size_t capacity) {
    struct utsname name;
    if (uname(&name) != 0) return 0;
    int n = snprintf(text, capacity, "%s %s %s", name.sysname, name.release, name.machine);
    return n < 0 ? 0 : (size_t)n < capacity ? (size_t)n : capacity - 1;
}

void cs_ignore_broken_pipes(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}
