import Primitives

/// A place between two members of a sorted set.
protocol SortedSetBoundary: ~Escapable {
    /// Whether the boundary follows a member of this score and these bytes.
    func follows(_ score: Double, _ member: RawSpan) -> Bool
}

/// Where a range of a sorted set begins or ends.
public struct SortedSetLimit: SortedSetBoundary, ~Escapable {
    private enum Kind { case score, bytes, bottom, top }

    private let kind: Kind
    private let score: Double
    private let bytes: RawSpan
    private let isBehind: Bool

    @_lifetime(copy bytes)
    private init(_ kind: Kind, _ score: Double, _ bytes: RawSpan, isBehind: Bool) {
        self.kind = kind
        self.score = score
        self.bytes = bytes
        self.isBehind = isBehind
    }

    /// In front of all members of a score, or behind them.
    @_lifetime(immortal)
    public init(score: Double, isBehind: Bool) {
        self.init(.score, score, RawSpan(literal: ""), isBehind: isBehind)
    }

    /// In front of a member or behind it, where all have one score.
    @_lifetime(copy member)
    public init(member: RawSpan, isBehind: Bool) { self.init(.bytes, 0, member, isBehind: isBehind) }

    /// In front of all members.
    public static var bottom: SortedSetLimit {
        @_lifetime(immortal)
        get { SortedSetLimit(.bottom, 0, RawSpan(literal: ""), isBehind: false) }
    }

    /// Behind all members.
    public static var top: SortedSetLimit {
        @_lifetime(immortal)
        get { SortedSetLimit(.top, 0, RawSpan(literal: ""), isBehind: true) }
    }

    @inline(__always)
    func follows(_ other: Double, _ member: RawSpan) -> Bool {
        switch kind {
        case .score: return isBehind ? other <= score : other < score
        case .bytes:
            let order = member.compare(bytes)
            return isBehind ? order <= 0 : order < 0
        case .bottom: return false
        case .top: return true
        }
    }
}

/// The place in front of or behind a member, told by score and bytes.
struct MemberBoundary: SortedSetBoundary, ~Escapable {
    let score: Double
    let bytes: RawSpan
    let isBehind: Bool

    @_lifetime(copy bytes)
    init(_ score: Double, _ bytes: RawSpan, isBehind: Bool) {
        self.score = score
        self.bytes = bytes
        self.isBehind = isBehind
    }

    @inline(__always)
    func follows(_ other: Double, _ member: RawSpan) -> Bool {
        if other != score { return other < score }
        let order = member.compare(bytes)
        return isBehind ? order <= 0 : order < 0
    }
}
