/// What is known of the allocator.
public struct AllocatorAccount: Sendable {
    /// Its figures; made current by asking.
    public var reading: @Sendable () -> AllocatorReading = { AllocatorReading() }
    /// Its own account of itself.
    public var report: @Sendable () -> [UInt8] = { [] }
    /// Its settings (DEBUG MALLCTL).
    public var settings: any AllocatorSettings = NoAllocatorSettings()
}

/// Named settings and figures of the allocator, as its documentation lists them.
/// A problem is the text of a system error.
public protocol AllocatorSettings: Sendable {
    /// A number or a flag.
    func number(_ name: String) -> (value: Int64, problem: String?)
    /// Sets a number or a flag.
    func setNumber(_ name: String, _ value: Int64) -> String?
    func text(_ name: String) -> (text: String, problem: String?)
    /// Has something done that takes and gives nothing.
    func perform(_ name: String) -> String?
}

/// For an engine without a host: there are none.
struct NoAllocatorSettings: AllocatorSettings {
    private static var problem: String { "No such file or directory" }

    func number(_ name: String) -> (value: Int64, problem: String?) { (0, Self.problem) }
    func setNumber(_ name: String, _ value: Int64) -> String? { Self.problem }
    func text(_ name: String) -> (text: String, problem: String?) { ("", Self.problem) }
    func perform(_ name: String) -> String? { Self.problem }
}
