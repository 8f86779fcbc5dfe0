#define _GNU_SOURCE
#include "csystem.h"
#include "csystem_process.h"
#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>

int cs_daemonize(void) {
    pid_t child = fork();
    if (child < 0) return -errno;
    if (child > 0) _exit(0);
    setsid();
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
        for (int stream = 0; stream < 3; stream++) dup2(null, stream);
        if (null > 2) close(null);
    }
    return 0;
}

// The memory that the kernel reads the command line from: arguments and, behind
// them without a gap, the environment.
static char *title_start;
static char *title_end;

// How the process was started, for another start of it.
static char **first_arguments;
static char *first_directory;

__attribute__((constructor)) static void remember_start(int count, char **arguments, char **environment) {
    (void)environment;
    first_directory = getcwd(NULL, 0);
    first_arguments = calloc((size_t)count + 1, sizeof *first_arguments);
    for (int i = 0; first_arguments && i < count; i++) first_arguments[i] = strdup(arguments[i]);
}

int cs_start_again(int64_t milliseconds) {
    struct timespec delay = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    sigset_t all;
    if (!first_arguments || !first_directory || chdir(first_directory) != 0) return -errno;
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    nanosleep(&delay, NULL);
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    execv("/proc/self/exe", first_arguments);
    return -errno;
}

__attribute__((constructor)) static void remember_title(int count, char **arguments, char **environment) {
    if (count < 1) return;
    title_start = arguments[0];
    title_end = title_start;
    for (int i = 0; i < count && arguments[i] == title_end; i++) title_end += strlen(arguments[i]) + 1;
    for (int i = 0; environment[i]; i++) {
        if (environment[i] == title_end) title_end += strlen(environment[i]) + 1;
    }
}

extern char **environ;

/// Moves what others still read out of the memory that is about to be overwritten.
static void make_room(void) {
    static bool done;
    if (done) return;
    done = true;
    program_invocation_name = strdup(program_invocation_name);
    program_invocation_short_name = strdup(program_invocation_short_name);
    for (int i = 0; environ[i]; i++) environ[i] = strdup(environ[i]);
}

void cs_set_process_title(const char *title) {
    if (!title_start || title_end - title_start < 2) return;
    make_room();
    size_t room = (size_t)(title_end - title_start) - 1, length = strlen(title);
    if (length > room) length = room;
    memcpy(title_start, title, length);
    memset(title_start + length, 0, room + 1 - length);
}

int cs_notify_supervisor(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || !*path) return -ENOENT;
    size_t length = strlen(path);
    if (length >= sizeof address.sun_path) return -ENAMETOOLONG;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = 0; // the abstract name space
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    int failure = sent < 0 ? -errno : 0;
    close(fd);
    return failure;
}

int cs_disable_huge_pages(void) { return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0 ? 0 : -errno; }

void cs_syslog_open(const char *identity, int facility) {
    static char *kept; // openlog keeps the pointer
    free(kept);
    kept = strdup(identity);
    openlog(kept, LOG_PID | LOG_NDELAY | LOG_NOWAIT,
            facility >= 0 && facility <= 7 ? (LOG_LOCAL0 + (facility << 3)) : LOG_USER);
}

void cs_syslog_write(int level, const char *text) {
    static const int priorities[] = {LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING};
    syslog(priorities[level < 0 ? 0 : level > 3 ? 3 : level], "%s", text);
}

int cs_give_to_group(const char *path, const char *group) {
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(group, &end, 10);
    if (errno != 0 || end == group || *end != 0) {
        struct group *found = getgrnam(group);
        if (!found) return -ENOENT;
        number = found->gr_gid;
    }
    return chown(path, (uid_t)-1, (gid_t)number) == 0 ? 0 : -errno;
}

int cs_fork(int kept) {
    pid_t child = fork();
    if (child != 0) return child < 0 ? -errno : child;
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (kept > 3) close_range(3, (unsigned)kept - 1, 0);
    close_range(kept >= 3 ? (unsigned)kept + 1 : 3, ~0U, 0);
    return 0;
}

int cs_reap(int child, int *status) {
    int state;
    pid_t found = waitpid(child, &state, WNOHANG);
    if (found == 0) return 0;
    if (found < 0) return -errno;
    if (WIFSIGNALED(state)) {
        *status = WTERMSIG(state);
        return 2;
    }
    *status = WEXITSTATUS(state);
    return 1;
}

void cs_begin_write_back(int file) { sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE); }

int cs_pipe(int *ends) { return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : -errno; }
