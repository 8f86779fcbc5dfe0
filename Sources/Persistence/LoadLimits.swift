import Keyspace
import Primitives

/// What a decoder has to know of the server whose keys it reads.
public struct LoadLimits: Sendable {
    /// Up to which size sets keep their small encodings.
    public let sets: SetLimits
    /// Integers of an intset.
    public let intsetEntries: Int64
    /// Elements of a set's listpack.
    public let setEntries: Int64
    /// Bytes of an element of a set's listpack.
    public let setBytes: Int64
    /// Fields of a hash's listpack.
    public let hashEntries: Int64
    /// Bytes of a field or value in a hash's listpack.
    public let hashBytes: Int64
    /// Up to which size sorted sets are listpacks.
    public let sortedSets: PackedLimits
    /// How large lists and their nodes become.
    public let lists: ListLimits
    /// The seed of keys and containers.
    public let seed: HashSeed

    /// Limits as the configuration has them.
    public init(
        intsetEntries: Int64, setEntries: Int64, setBytes: Int64, hashEntries: Int64, hashBytes: Int64,
        sortedSets: PackedLimits, lists: ListLimits, seed: HashSeed
    ) {
        sets = SetLimits(intsetEntries: intsetEntries, listpackEntries: setEntries, listpackBytes: setBytes)
        self.intsetEntries = intsetEntries
        self.setEntries = setEntries
        self.setBytes = setBytes
        self.hashEntries = hashEntries
        self.hashBytes = hashBytes
        self.sortedSets = sortedSets
        self.lists = lists
        self.seed = seed
    }
}
