import CSystem

/// Which command runs, for whoever looks at the process after a crash.
public enum RunningCommand {
    /// Notes a command by its number: one store.
    @inline(__always)
    public static func note(_ number: Int) { cs_note_command(Int32(truncatingIfNeeded: number)) }
}
