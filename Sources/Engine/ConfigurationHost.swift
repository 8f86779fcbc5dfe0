// What CONFIG asks of the host while its command runs.

/// Closures by which CONFIG SET acts on the process and CONFIG REWRITE reaches files.
public struct ConfigurationHost: Sendable {
    /// Makes a changed directive, told by its name, true of the process. It may put
    /// what it made of the value into the configuration. Returns why it cannot be,
    /// in which case nothing has changed; nil when it is done.
    public var apply: @Sendable (_ directive: String, _ configuration: inout Configuration) -> String? = { _, _ in nil }
    /// The bytes of a file, none when there is no such file, or why it does not read.
    public var read: @Sendable (_ path: String) -> (bytes: [UInt8], failure: String?) = { _ in ([], "there are no files") }
    /// Replaces a file at once and for good; returns why it cannot be.
    public var replace: @Sendable (_ path: String, _ bytes: [UInt8]) -> String? = { _, _ in "there are no files" }

    public init() {}
}
