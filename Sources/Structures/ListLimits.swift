/// An end of a list.
public enum ListEnd: Sendable {
    case head
    case tail

    /// The other end.
    public var opposite: ListEnd { self == .head ? .tail : .head }
}

/// How large the nodes of a list may become, and which of them are compressed.
public struct ListLimits: Sendable {
    /// Bytes of a node's listpack.
    public let nodeBytes: Int
    /// Elements of a node.
    public let nodeCount: Int
    /// Nodes at either end that are not compressed; 0: none is compressed.
    public let compressDepth: Int
    /// Elements of so many bytes get a node of their own; 0: those that pass a node's limit.
    let packedThreshold: Int
    /// Whether a node is limited by its elements; its bytes are then limited for safety only.
    private let isCounted: Bool

    /// Bytes of a node that is limited by its elements.
    private static var safetyBytes: Int { 8192 }
    /// No element above this is packed, whatever the threshold: listpacks have a limit.
    private static var packedLimit: Int { 1 << 29 }

    /// `node`: elements when positive (0 is taken as 1); -1 to -5: 4, 8, 16, 32, 64 KiB.
    public init(node: Int64, compressDepth: Int64, packedThreshold: Int = 0) {
        isCounted = node >= 0
        nodeBytes = node >= 0 ? Self.safetyBytes : 2048 << Int(min(5, node.magnitude))
        nodeCount = node >= 0 ? Int(max(1, node)) : .max
        self.compressDepth = Int(max(0, compressDepth))
        self.packedThreshold = packedThreshold
    }

    /// Whether a listpack of so many bytes and elements is too large.
    public func areExceeded(bytes: Int, count: Int) -> Bool { bytes > nodeBytes || count > nodeCount }

    /// Whether an element of so many bytes gets a node of its own.
    func needsOwnNode(_ bytes: Int) -> Bool {
        bytes > Self.packedLimit || (packedThreshold > 0 ? bytes >= packedThreshold : bytes > nodeBytes)
    }

    /// Whether a list that has shrunk to this is a listpack again: half of what
    /// would make it large, so that it does not change to and fro.
    func allowSmall(bytes: Int, count: Int) -> Bool {
        count <= nodeCount / 2 && (isCounted || bytes <= nodeBytes / 2)
    }
}
