/// Under which conditions a score is set, and whether it is added to the old one.
public struct ScoreRule: Sendable, BitwiseCopyable {
    /// Members that are there stay as they are.
    public var onlyNew = false
    /// Members that are not there are not added.
    public var onlyExisting = false
    /// Scores of members that are there only grow, or only fall.
    public var onlyGreater = false
    /// See `onlyGreater`.
    public var onlyLess = false
    /// The score given is added to the old one.
    public var increments = false

    public init() {}

    /// What becomes of a member with score `current`, nil for none, that is given a score.
    public func decide(current: Double?, given: Double) -> ScoreDecision {
        guard let current else { return onlyExisting ? .refuse : .add(given) }
        if onlyNew { return .refuse }
        let score = increments ? current + given : given
        if score.isNaN { return .notANumber }
        if onlyLess && score >= current || onlyGreater && score <= current { return .refuse }
        return score == current ? .keep(current) : .change(score)
    }
}

/// What a `ScoreRule` does with a member.
public enum ScoreDecision: Sendable {
    case add(Double)
    case change(Double)
    /// The member has this score already.
    case keep(Double)
    /// A condition does not hold.
    case refuse
    case notANumber
}
