// Which keys somebody waits for or watches, roughly: changes of all others need not be noted.

/// Counts keys by some bits of their hashes. It may say of a key that it is there when it
/// is not, never that it is not there when it is. Empty, it takes no memory.
struct KeyFilter: ~Copyable {
    /// A power of two, enough for a thousand keys to be met by few others.
    private static var size: Int { 1 << 14 }
    private var counts: [UInt32] = []
    private var total = 0

    private func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (Self.size - 1) }

    /// Counts a key; to be taken back by `remove`.
    mutating func insert(_ hash: UInt64) {
        if counts.isEmpty { counts = Array(repeating: 0, count: Self.size) }
        counts[place(hash)] += 1
        total += 1
    }

    mutating func remove(_ hash: UInt64) {
        counts[place(hash)] -= 1
        total -= 1
        if total == 0 { counts = [] }
    }

    /// Whether a key may be among those that were inserted.
    func mayContain(_ hash: UInt64) -> Bool { total > 0 && counts[place(hash)] > 0 }
}
