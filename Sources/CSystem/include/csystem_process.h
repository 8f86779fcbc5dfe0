// The process as its operator sees it.
#ifndef NEEDLETAIL_CSYSTEM_PROCESS_H
#define NEEDLETAIL_CSYSTEM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/// Goes on in a child that is the leader of a session of its own, with its standard
/// streams at /dev/null; the parent exits. To be called before there are threads.
/// 0 in the child, or a negated errno.
int cs_daemonize(void);
/// Starts the program again in this process, with its first arguments in its first directory, after a
/// delay; what is open is closed. Returns a negated errno when that fails, nothing otherwise.
int cs_start_again(int64_t milliseconds);
/// Writes what `ps` shows; cut to the room of the arguments and the environment.
void cs_set_process_title(const char *title);
/// Sends a state ("READY=1") to the socket that NOTIFY_SOCKET names; 0, or a negated errno.
int cs_notify_supervisor(const char *state);
/// Switches transparent huge pages off for this process; 0, or a negated errno.
int cs_disable_huge_pages(void);
/// Opens the system log; `identity` is copied. `facility`: 0 to 7 for local0 to local7, else user.
void cs_syslog_open(const char *identity, int facility);
/// Writes a line; `level` as Redis counts: 0 debug to 3 warning.
void cs_syslog_write(int level, const char *text);
/// Gives a file to a group, by name or number; 0, or a negated errno.
int cs_give_to_group(const char *path, const char *group);

/// Makes a copy of the process, which gets signals as any other process, has no
/// descriptors but the standard streams and `kept`, and dies with nobody's help.
/// 0 in the copy, its number in the original, or a negated errno.
int cs_fork(int kept);
/// How a child has ended: 1 and its exit status, 2 and the signal; 0: it has not; or a negated errno.
int cs_reap(int child, int *status);
/// A pipe that never blocks: reading end and writing end; 0, or a negated errno.
int cs_pipe(int *ends);
/// Has the kernel begin to write what it holds of a file.
void cs_begin_write_back(int file);

#endif
