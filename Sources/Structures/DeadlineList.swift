// Moments in order, each with the number of the thing that is due then: what
// active expiry asks for the earliest of, and changes with every expiry that is
// set or taken away.
//
// The pairs (moment, number) stand sorted in runs of up to 254, so that a run
// fills a 4 KiB allocation. A change moves bytes of one run; a run that is full
// is cut in two, one that is nearly empty joined with the next. The list of runs
// is sorted as well and moves 8 bytes a run with every cut, which at ten million
// pairs is less than half a microsecond an insertion.
//
// Pairs that are added at the end, as with a constant time to live, leave full
// runs behind.

/// A set of pairs of moment and number, sorted by moment, then number.
public struct DeadlineList: ~Copyable {
    /// Something, known by a number, that is due at a moment.
    public struct Deadline: Comparable, Sendable {
        /// Milliseconds.
        public let moment: Int64
        /// Who is due.
        public let number: UInt

        /// What is known by `number` is due at `moment`.
        public init(moment: Int64, number: UInt) {
            self.moment = moment
            self.number = number
        }

        /// By moment, then number.
        public static func < (a: Deadline, b: Deadline) -> Bool {
            a.moment != b.moment ? a.moment < b.moment : a.number < b.number
        }
    }

    /// Sorted, none empty.
    private var runs: [[Deadline]] = []
    /// Pairs.
    public private(set) var count = 0

    static var runLimit: Int { 254 }

    /// An empty list.
    public init() {}

    /// Whether there are no pairs.
    public var isEmpty: Bool { count == 0 }

    /// The earliest pair.
    public var first: Deadline? { runs.first?.first }

    /// Bytes of all runs and their list.
    public var memoryUsage: Int {
        runs.isEmpty ? 0 : runs.reduce(32 + runs.capacity * 8) { $0 + 32 + $1.capacity * MemoryLayout<Deadline>.size }
    }

    /// A list of the same pairs.
    public func copy() -> DeadlineList {
        var copy = DeadlineList()
        copy.runs = runs
        copy.count = count
        return copy
    }

    /// Adds a pair that is not there.
    public mutating func insert(_ deadline: Deadline) {
        count += 1
        guard let last = runs.last else { return runs.append([deadline]) }
        if last.count == Self.runLimit, let end = last.last, end < deadline { return runs.append([deadline]) }
        var index = run(of: deadline)
        if runs[index].count == Self.runLimit {
            let half = Self.runLimit / 2
            runs.insert(Array(runs[index][half...]), at: index + 1)
            runs[index].removeSubrange(half...)
            if runs[index + 1][0] < deadline { index += 1 }
        }
        let place = Self.place(of: deadline, in: runs[index])
        runs[index].insert(deadline, at: place)
    }

    /// Takes a pair out that is there.
    public mutating func remove(_ deadline: Deadline) {
        precondition(count > 0)
        let index = run(of: deadline)
        let place = Self.place(of: deadline, in: runs[index])
        precondition(place < runs[index].count && runs[index][place] == deadline, "no such deadline")
        count -= 1
        runs[index].remove(at: place)
        if runs[index].isEmpty {
            runs.remove(at: index)
        } else if runs[index].count < Self.runLimit / 4, index + 1 < runs.count,
            runs[index].count + runs[index + 1].count <= Self.runLimit * 3 / 4 {
            let following = runs.remove(at: index + 1)
            runs[index] += following
        }
    }

    /// Pairs that are due at `moment`.
    public func dueCount(at moment: Int64) -> Int {
        var due = 0
        for run in runs {
            guard let last = run.last, run[0].moment <= moment else { break }
            if last.moment <= moment {
                due += run.count
            } else {
                due += Self.place(of: Deadline(moment: moment, number: .max), in: run)
            }
        }
        return due
    }

    /// Visits all pairs in order.
    public func forEach(_ body: (Deadline) -> Void) {
        for run in runs { run.forEach(body) }
    }

    /// The run where a pair is, or belongs: the last that does not begin behind it.
    private func run(of deadline: Deadline) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if deadline < runs[middle][0] { high = middle } else { low = middle + 1 }
        }
        return max(0, low - 1)
    }

    /// How many pairs of a run stand before this one.
    private static func place(of deadline: Deadline, in run: [Deadline]) -> Int {
        var low = 0
        var high = run.count
        while low < high {
            let middle = (low + high) / 2
            if run[middle] < deadline { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Traps when the list contradicts itself. For tests.
    public func checkInvariants() {
        var seen = 0
        var previous: Deadline?
        for run in runs {
            precondition(!run.isEmpty && run.count <= Self.runLimit, "an empty or overfull run")
            for deadline in run {
                if let previous { precondition(previous < deadline, "not in order") }
                previous = deadline
                seen += 1
            }
        }
        precondition(seen == count)
    }
}
