/// Up to which size values keep their small encodings. Acts on the next change
/// of a value; what is large already stays so.
public struct ValueLimits: Sendable {
    /// Fields that a hash's listpack may have.
    public var hashEntries: Int64 = 512
    /// Bytes of a field or value in it.
    public var hashBytes: Int64 = 64
    /// Members that an intset may have.
    public var setIntsetEntries: Int64 = 512
    /// Members that a set's listpack may have.
    public var setEntries: Int64 = 128
    /// Bytes of a member in it.
    public var setBytes: Int64 = 64
    /// Members that a sorted set's listpack may have.
    public var sortedSetEntries: Int64 = 128
    /// Bytes of a member in it.
    public var sortedSetBytes: Int64 = 64
    /// Positive: elements of a list's node; -1 to -5: 4, 8, 16, 32, 64 KiB of it.
    public var listNode: Int64 = -2
    /// Nodes at either end of a list that are not compressed; 0: none is compressed.
    public var listCompressDepth: Int64 = 0
    /// Bytes up to which a HyperLogLog stays sparse.
    public var sparseHyperLogLogBytes: Int64 = 3000

    public init() {}
}

extension DirectiveTable {
    static var values: [Directive] {
        let sizes = long
        return [
            Directive("hash-max-listpack-entries", .integer(\.values.hashEntries, sizes), aliases: ["hash-max-ziplist-entries"]),
            Directive("hash-max-listpack-value", .memory(\.values.hashBytes, sizes), aliases: ["hash-max-ziplist-value"]),
            Directive("set-max-intset-entries", .integer(\.values.setIntsetEntries, sizes)),
            Directive("set-max-listpack-entries", .integer(\.values.setEntries, sizes)),
            Directive("set-max-listpack-value", .integer(\.values.setBytes, sizes)),
            Directive(
                "zset-max-listpack-entries", .integer(\.values.sortedSetEntries, sizes), aliases: ["zset-max-ziplist-entries"]),
            Directive("zset-max-listpack-value", .memory(\.values.sortedSetBytes, sizes), aliases: ["zset-max-ziplist-value"]),
            Directive(
                "list-max-listpack-size", .integer(\.values.listNode, Int64(Int32.min)...Int64(Int32.max)),
                aliases: ["list-max-ziplist-size"]),
            Directive("list-compress-depth", .integer(\.values.listCompressDepth, int)),
            Directive("hll-sparse-max-bytes", .memory(\.values.sparseHyperLogLogBytes, sizes)),
        ]
    }
}
