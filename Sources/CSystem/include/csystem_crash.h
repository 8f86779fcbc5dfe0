// What is done inside signal handlers.
#ifndef NEEDLETAIL_CSYSTEM_CRASH_H
#define NEEDLETAIL_CSYSTEM_CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Where reports go: a path, or "" for standard output. Copied.
void cs_crash_log_path(const char *path);
/// The file to be removed by a crash; "" for none. Copied.
void cs_crash_pid_file(const char *path);
/// Has fatal signals reported before they end the process, or no more.
void cs_crash_reports(bool enabled);
/// Keeps a text about the server for the report, at most 4095 bytes. Not for several threads.
void cs_crash_facts(const void *text, size_t bytes);
/// The names of commands by number, each ended by a zero; kept for ever by the caller's leave.
void cs_crash_command_names(const char *names, size_t bytes);
/// Whether the input of clients may be shown.
void cs_crash_shows_input(bool shows);

extern int32_t cs_running_command;
extern const void *cs_running_input;
extern size_t cs_running_input_bytes;

/// Notes the command that runs, for a report.
static inline void cs_note_command(int32_t number) { __atomic_store_n(&cs_running_command, number, __ATOMIC_RELAXED); }
/// Notes the input being served, which stays readable until the next is noted.
static inline void cs_note_input(const void *bytes, size_t count) {
    __atomic_store_n(&cs_running_input, bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&cs_running_input_bytes, count, __ATOMIC_RELAXED);
}

/// Has the stack of the main thread logged after so many milliseconds unless this is called again; 0: never.
void cs_watchdog(int64_t milliseconds);

/// A descriptor from which the given signals are read one by one. A second SIGINT
/// before the process has ended ends it at once.
int cs_signal_descriptor(const int *signals, size_t count);
int cs_next_signal(int descriptor);

/// Writes to memory that nobody may write to.
void cs_fault(void);

#endif
