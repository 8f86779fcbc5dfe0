import CSystem
import Glibc

/// The process and its machine.
public enum Process {
    public static var identifier: Int32 { getpid() }

    /// The program's path, from the kernel.
    public static var executablePath: String { readLink("/proc/self/exe") ?? "" }

    public static var currentDirectory: String { readLink("/proc/self/cwd") ?? "" }

    private static func readLink(_ path: String) -> String? {
        // SAFETY: readlink writes at most the given count and returns how much it wrote.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = unsafe max(0, readlink(path, UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), 4096))
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    public static func changeDirectory(_ path: String) -> Int32 { unsafe chdir(path) == 0 ? 0 : cs_errno() }

    /// Raises the limit of descriptors as far as it goes; returns what was granted.
    public static func raiseDescriptorLimit(_ wanted: Int64) -> Int64 {
        var granted: UInt64 = 0
        _ = unsafe cs_raise_descriptor_limit(UInt64(max(0, wanted)), &granted)
        return Int64(clamping: granted)
    }

    /// Whose CPU time is asked for: getrusage's numbers.
    public enum CPUUser: Int32, Sendable {
        case process = 0
        /// Children that have ended and were waited for.
        case children = -1
        /// The calling thread.
        case thread = 1
    }

    /// Microseconds of CPU used so far.
    public static func cpuTime(of who: CPUUser = .process) -> (user: Int64, system: Int64) {
        var user: Int64 = 0
        var system: Int64 = 0
        unsafe cs_cpu_microseconds(who.rawValue, &user, &system)
        return (user, system)
    }

    /// Bytes of memory that the machine has.
    public static var machineMemory: Int64 {
        Int64(clamping: sysconf(Int32(_SC_PHYS_PAGES))).multipliedReportingOverflow(by: Int64(clamping: sysconf(Int32(_SC_PAGESIZE)))).partialValue
    }

    public static var systemName: String {
        // SAFETY: the C function writes at most the capacity and returns how much it wrote.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
            count = unsafe cs_system_name(UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), 256)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `count` bytes of the kernel's randomness.
    public static func randomBytes(_ count: Int) -> [UInt8] {
        // SAFETY: getrandom fills up to the given count and returns how much.
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = unsafe max(0, cs_random_bytes(buffer.baseAddress, count))
        }
    }

    public static func randomWord() -> UInt64 {
        randomBytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Ignores the signals that would end the process for a peer's sake.
    public static func ignoreBrokenPipes() { cs_ignore_broken_pipes() }

    public static func sleep(microseconds: Int64) {
        var rest = timespec(tv_sec: Int(microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1000)
        var left = timespec()
        while unsafe nanosleep(&rest, &left) != 0, cs_errno() == EINTR { rest = left }
    }

    /// Seconds that local time is ahead of UTC at a moment.
    public static func localOffset(at seconds: Int64) -> Int64 { cs_local_offset_seconds(seconds) }

    /// Ends what the process does, without any order, and has it start again as it was started at
    /// first. Returns, with an errno, only when that fails.
    public static func startAgain(afterMilliseconds delay: Int64) -> Int32 { -cs_start_again(delay) }

    /// Ends the process at once, without any order.
    public static func leave(_ status: Int32) -> Never { exit(status) }

    /// Ends the process with SIGABRT.
    public static func abandon() -> Never { abort() }
}
