/// What a write does to the expiry of its key, or of a field.
public enum ExpiryChange: Sendable {
    case keep
    case clear
    case at(Milliseconds)

    /// The expiry afterwards, where it was `old`.
    @inlinable
    public func applied(to old: Milliseconds?) -> Milliseconds? {
        switch self {
        case .keep: old
        case .clear: nil
        case .at(let moment): moment
        }
    }
}
