// Signal handlers: the crash report, the software watchdog, orderly ends. Only
// async-signal-safe calls are made in them. Everything that they need is
// prepared before, in static memory.
#define _GNU_SOURCE
#include "csystem.h"
#include "csystem_crash.h"
#include <elf.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

int32_t cs_running_command = -1;
const void *cs_running_input;
size_t cs_running_input_bytes;

static char log_path[4096];
static char pid_file[4096];
static char facts[64 * 1024];
static const char *command_names;
static size_t command_names_bytes;
static bool shows_input;

static void copy_text(char *target, size_t room, const char *text) {
    size_t length = strnlen(text, room - 1);
    memcpy(target, text, length);
    target[length] = 0;
}
void cs_crash_log_path(const char *path) { copy_text(log_path, sizeof log_path, path); }
void cs_crash_pid_file(const char *path) { copy_text(pid_file, sizeof pid_file, path); }
void cs_crash_command_names(const char *names, size_t bytes) {
    char *kept = malloc(bytes ? bytes : 1);
    if (!kept) return;
    memcpy(kept, names, bytes);
    command_names_bytes = 0;
    command_names = kept;
    command_names_bytes = bytes;
}
void cs_crash_shows_input(bool shows) { shows_input = shows; }
void cs_crash_facts(const void *text, size_t bytes) {
    if (bytes > sizeof facts - 1) bytes = sizeof facts - 1;
    memcpy(facts, text, bytes);
    facts[bytes] = 0;
}

// Writing ---------------------------------------------------------------

static void put_bytes(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t n = write(fd, bytes, count);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        bytes += n;
        count -= (size_t)n;
    }
}
static void put(int fd, const char *text) { put_bytes(fd, text, strlen(text)); }

static void put_number(int fd, uint64_t value, unsigned base, int width) {
    char text[24];
    int at = sizeof text;
    do {
        text[--at] = "0123456789abcdef"[value % base];
        value /= base;
        width--;
    } while (value != 0 || width > 0);
    put_bytes(fd, text + at, sizeof text - (size_t)at);
}
static void put_decimal(int fd, int64_t value) {
    if (value < 0) put(fd, "-");
    put_number(fd, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, 1);
}

/// "pid:signal-handler (seconds) ", as lines from handlers begin.
static void put_line_start(int fd) {
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    put_decimal(fd, getpid());
    put(fd, ":signal-handler (");
    put_decimal(fd, now.tv_sec);
    put(fd, ") ");
}

static int open_log(void) {
    return log_path[0] ? open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : STDOUT_FILENO;
}
static void close_log(int fd) {
    if (log_path[0] && fd >= 0) close(fd);
}

// Names of functions -----------------------------------------------------

// The program's own symbol table, which also names what is not exported.
static const ElfW(Sym) *symbols;
static size_t symbol_count;
static const char *symbol_names;
static size_t symbol_names_bytes;
static uintptr_t load_bias;
extern const char __ehdr_start[];

/// Maps the program's file and finds its symbol table; without one the dynamic symbols must do.
static void find_symbols(void) {
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0) return;
    if (fstat(fd, &status) != 0 || (size_t)status.st_size < sizeof(ElfW(Ehdr))) {
        close(fd);
        return;
    }
    size_t size = (size_t)status.st_size;
    const char *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED) return;
    const ElfW(Ehdr) *header = (const void *)file;
    load_bias = header->e_type == ET_DYN ? (uintptr_t)__ehdr_start : 0;
    if (header->e_shoff == 0 || header->e_shoff + (size_t)header->e_shnum * sizeof(ElfW(Shdr)) > size) return;
    const ElfW(Shdr) *sections = (const void *)(file + header->e_shoff);
    for (int i = 0; i < header->e_shnum; i++) {
        const ElfW(Shdr) *table = &sections[i];
        if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum) continue;
        const ElfW(Shdr) *names = &sections[table->sh_link];
        if (table->sh_offset + table->sh_size > size || names->sh_offset + names->sh_size > size) return;
        symbols = (const void *)(file + table->sh_offset);
        symbol_count = table->sh_size / sizeof *symbols;
        symbol_names = file + names->sh_offset;
        symbol_names_bytes = names->sh_size;
    }
}

static const ElfW(Sym) *symbol_of(uintptr_t address) {
    for (size_t i = 0; i < symbol_count; i++) {
        const ElfW(Sym) *symbol = &symbols[i];
        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_name >= symbol_names_bytes) continue;
        uintptr_t offset = address - load_bias - symbol->st_value;
        if (offset < symbol->st_size) return symbol;
    }
    return NULL;
}

static void put_frame(int fd, void *address) {
    const ElfW(Sym) *symbol = symbol_of((uintptr_t)address);
    if (!symbol) {
        backtrace_symbols_fd(&address, 1, fd);
        return;
    }
    put(fd, symbol_names + symbol->st_name);
    put(fd, "+0x");
    put_number(fd, (uintptr_t)address - load_bias - symbol->st_value, 16, 1);
    put(fd, " [0x");
    put_number(fd, (uintptr_t)address, 16, 1);
    put(fd, "]\n");
}

// Registers --------------------------------------------------------------

static void *program_counter(const ucontext_t *context) {
#if defined(__x86_64__)
    return (void *)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (void *)context->uc_mcontext.pc;
#else
    return NULL;
#endif
}

static void put_register(int fd, const char *name, uint64_t value, bool ends_line) {
    put(fd, name);
    put(fd, ":");
    put_number(fd, value, 16, 16);
    put(fd, ends_line ? "\n" : " ");
}

static void put_registers(int fd, const ucontext_t *context) {
#if defined(__x86_64__)
    static const struct { const char *name; int index; } all[] = {
        {"RAX", REG_RAX}, {"RBX", REG_RBX}, {"RCX", REG_RCX}, {"RDX", REG_RDX}, {"RDI", REG_RDI}, {"RSI", REG_RSI},
        {"RBP", REG_RBP}, {"RSP", REG_RSP}, {"R8 ", REG_R8}, {"R9 ", REG_R9}, {"R10", REG_R10}, {"R11", REG_R11},
        {"R12", REG_R12}, {"R13", REG_R13}, {"R14", REG_R14}, {"R15", REG_R15}, {"RIP", REG_RIP}, {"EFL", REG_EFL},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        put_register(fd, all[i].name, (uint64_t)context->uc_mcontext.gregs[all[i].index], i % 4 == 3 || i == 17);
    }
#elif defined(__aarch64__)
    for (int i = 0; i < 31; i++) {
        char name[4] = {'X', (char)('0' + i / 10), (char)('0' + i % 10), 0};
        put_register(fd, name, context->uc_mcontext.regs[i], i % 4 == 3 || i == 30);
    }
    put_register(fd, "SP ", context->uc_mcontext.sp, false);
    put_register(fd, "PC ", context->uc_mcontext.pc, true);
#endif
}

static void put_stack(int fd, const ucontext_t *context) {
    void *frames[100];
    put(fd, "\n------ STACK TRACE ------\nEIP:\n");
    put_frame(fd, program_counter(context));
    put(fd, "\nBacktrace:\n");
    int count = backtrace(frames, 100);
    for (int i = 0; i < count; i++) put_frame(fd, frames[i]);
}

// The crash report ---------------------------------------------------------

static void put_section(int fd, const char *title) {
    put(fd, "\n------ ");
    put(fd, title);
    put(fd, " ------\n");
}

static void put_command(int fd) {
    int32_t number = __atomic_load_n(&cs_running_command, __ATOMIC_RELAXED);
    if (number < 0 || !command_names) return;
    const char *name = command_names, *end = command_names + command_names_bytes;
    for (int32_t i = 0; i < number && name < end; i++) name += strnlen(name, (size_t)(end - name)) + 1;
    put_section(fd, "CURRENT OR LAST COMMAND");
    put(fd, name < end ? name : "?");
    put(fd, "\n");
    const unsigned char *input = __atomic_load_n(&cs_running_input, __ATOMIC_RELAXED);
    size_t count = __atomic_load_n(&cs_running_input_bytes, __ATOMIC_RELAXED);
    if (!shows_input || !input) return;
    put(fd, "input: ");
    for (size_t i = 0; i < count && i < 512; i++) {
        if (input[i] >= 32 && input[i] < 127) {
            put_bytes(fd, (const char *)&input[i], 1);
        } else {
            put(fd, "\\x");
            put_number(fd, input[i], 16, 2);
        }
    }
    put(fd, "\n");
}

static void put_report(int fd, int signal_number, const siginfo_t *info, const ucontext_t *context) {
    put(fd, "\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n");
    put_line_start(fd);
    put(fd, "Needletail crashed by signal: ");
    put_decimal(fd, signal_number);
    put(fd, ", si_code: ");
    put_decimal(fd, info->si_code);
    put(fd, "\n");
    if (info->si_code <= 0) {
        put_line_start(fd);
        put(fd, "Killed by PID: ");
        put_decimal(fd, info->si_pid);
        put(fd, ", UID: ");
        put_decimal(fd, info->si_uid);
    } else {
        put_line_start(fd);
        put(fd, "Accessing address: 0x");
        put_number(fd, (uintptr_t)info->si_addr, 16, 1);
    }
    put(fd, "\n");
    put_stack(fd, context);
    put_section(fd, "REGISTERS");
    put_registers(fd, context);
    put(fd, "\n");
    put(fd, facts);
    put_command(fd);
    put(fd, "\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n\n"
            "       The names of functions are those of the symbol table; `swift demangle` makes them readable.\n\n");
}

static void report_crash(int signal_number, siginfo_t *info, void *context) {
    static int reporting;
    if (__atomic_exchange_n(&reporting, 1, __ATOMIC_SEQ_CST) == 0) {
        int fd = open_log();
        if (fd >= 0) put_report(fd, signal_number, info, context);
        close_log(fd);
        if (pid_file[0]) unlink(pid_file);
    }
    // The handler was taken back when it was called: the default action follows.
    raise(signal_number);
}

/// Sets a handler, and lets the signal through where whoever started the process had blocked it.
static void handle(int signal_number, const struct sigaction *action) {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal_number);
    sigaction(signal_number, action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

static void prepare_stack(void) {
    static char stack[128 * 1024];
    static bool done;
    if (done) return;
    done = true;
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    find_symbols();
    void *frame;
    backtrace(&frame, 1); // loads the unwinder, which must not happen in a handler
}

void cs_crash_reports(bool enabled) {
    struct sigaction action = {.sa_flags = SA_NODEFER | SA_ONSTACK | SA_RESETHAND | SA_SIGINFO};
    if (enabled) {
        prepare_stack();
        action.sa_sigaction = report_crash;
    } else {
        action.sa_handler = SIG_DFL;
        action.sa_flags = 0;
    }
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++) handle(fatal_signals[i], &action);
}

void cs_fault(void) {
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile char *)(page == MAP_FAILED ? NULL : page) = 'x';
}

// The watchdog --------------------------------------------------------------

static void report_delay(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    int saved = errno, fd = open_log();
    if (fd >= 0) {
        put(fd, "\n");
        put_line_start(fd);
        put(fd, info->si_pid == 0 ? "--- WATCHDOG TIMER EXPIRED ---\n" : "--- RECEIVED SIGALRM ---\n");
        put_stack(fd, context);
        put_command(fd);
        put_line_start(fd);
        put(fd, "--------\n\n");
    }
    close_log(fd);
    errno = saved;
}

void cs_watchdog(int64_t milliseconds) {
    static bool installed;
    if (!installed) {
        if (milliseconds == 0) return;
        installed = true;
        prepare_stack();
        struct sigaction action = {.sa_sigaction = report_delay, .sa_flags = SA_ONSTACK | SA_SIGINFO | SA_RESTART};
        sigemptyset(&action.sa_mask);
        handle(SIGALRM, &action);
    }
    struct itimerval delay = {.it_value = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000}};
    setitimer(ITIMER_REAL, &delay, NULL);
}

// Orderly ends ----------------------------------------------------------------

static int signal_pipe[2] = {-1, -1};

static void pass_on(int signal_number) {
    static int interrupts;
    int saved = errno;
    if (signal_number == SIGINT && __atomic_fetch_add(&interrupts, 1, __ATOMIC_SEQ_CST) > 0) {
        int fd = open_log();
        put_line_start(fd);
        put(fd, "You insist... exiting now.\n");
        if (pid_file[0]) unlink(pid_file);
        _exit(1);
    }
    unsigned char byte = (unsigned char)signal_number;
    ssize_t ignored = write(signal_pipe[1], &byte, 1);
    (void)ignored;
    errno = saved;
}

int cs_signal_descriptor(const int *signals, size_t count) {
    if (count == 0) return cs_wake_descriptor();
    if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_NONBLOCK | O_CLOEXEC) != 0) return -1;
    struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < count; i++) handle(signals[i], &action);
    return dup(signal_pipe[0]);
}

int cs_next_signal(int descriptor) {
    unsigned char byte;
    return read(descriptor, &byte, 1) == 1 ? byte : 0;
}
