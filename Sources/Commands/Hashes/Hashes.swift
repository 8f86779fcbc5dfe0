import Engine
import Keyspace
import Primitives
import RESP

/// Commands on hashes.
public enum Hashes {
    /// All of them.
    public static var declarations: [CommandDeclaration] {
        setDeclarations + getDeclarations + wholeDeclarations + counterDeclarations + randomDeclarations
            + scanDeclarations + expiryDeclarations + lifetimeDeclarations + getWithExpiryDeclarations
            + setWithExpiryDeclarations + importDeclarations
    }

    static func reader(
        _ name: StaticString, arity: Int, flags: CommandFlags = [.readonly, .fast], _ keyFlags: KeyFlags = [.readOnly, .access],
        since: StaticString, complexity: StaticString = "O(1)", summary: StaticString, syntax: StaticString,
        tips: [StaticString] = [], _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: arity, flags, .hash, keys: [.key(1, keyFlags)], group: .hash, since: since,
            complexity: complexity, summary: summary, syntax: syntax, tips: tips, handler)
    }

    static func writer(
        _ name: StaticString, arity: Int, flags: CommandFlags = [.write, .denyOOM, .fast], _ keyFlags: KeyFlags,
        since: StaticString, complexity: StaticString = "O(1)", summary: StaticString, syntax: StaticString,
        history: KeyValuePairs<StaticString, StaticString> = [:], deprecated: CommandDeclaration.Deprecation? = nil, _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: arity, flags, .hash, keys: [.key(1, keyFlags)], group: .hash, since: since,
            complexity: complexity, summary: summary, syntax: syntax, history: history, deprecated: deprecated,
            handler)
    }
}

extension CommandContext {
    /// Sets one field of the hash at `slot`, which comes into being when there is none; true when it is new.
    mutating func setField(
        _ key: RawSpan, _ slot: inout KeySlot, _ name: RawSpan, _ value: RawSpan, _ expiry: ExpiryChange
    ) -> Bool {
        let limits = hashLimits
        let access = freshAccess
        var entry = slot.entry
        let isNew = self[slot].setField(key, slot.hash, &entry, name, value, expiry, limits, access)
        slot = slot.holding(entry)
        return isNew
    }

    /// Removes a field; false when it is not there. The hash may be empty then.
    mutating func removeField(_ slot: inout KeySlot, _ name: RawSpan) -> Bool {
        guard var entry = slot.entry else { return false }
        let isRemoved = self[slot].removeField(&entry, slot.hash, name)
        slot = slot.holding(entry)
        return isRemoved
    }

    /// Gives a field that is there an expiry, or takes it away.
    mutating func setFieldExpiry(_ slot: inout KeySlot, _ name: RawSpan, _ expiry: Milliseconds?) {
        guard var entry = slot.entry else { return }
        self[slot].setFieldExpiry(&entry, slot.hash, name, expiry)
        slot = slot.holding(entry)
    }

    /// Whether a field is there, and when it expires; an expired one is removed.
    mutating func lookupField(
        _ key: RawSpan, _ slot: inout KeySlot, _ name: RawSpan
    ) -> (isPresent: Bool, expiry: Milliseconds?) {
        guard let entry = slot.entry else { return (false, nil) }
        let found = entry.fieldExpiry(name, at: now)
        if found.presence == .expired { expireField(key, &slot, name) }
        return (found.presence == .present, found.expiry)
    }

    /// The same of one among several fields: a word of the request. Which were removed is collected in `expired`,
    /// to be told at once.
    mutating func lookupField(
        _ slot: inout KeySlot, _ index: Int, _ arguments: borrowing Arguments, _ expired: inout [Int]
    ) -> (isPresent: Bool, expiry: Milliseconds?) {
        guard let entry = slot.entry else { return (false, nil) }
        let found = entry.fieldExpiry(arguments[index], at: now)
        if found.presence == .expired { removeExpiredField(&slot, index, arguments, &expired) }
        return (found.presence == .present, found.expiry)
    }

    /// Replies with the value of a field, or null; an expired one is removed.
    mutating func replyField(_ key: RawSpan, _ slot: inout KeySlot, _ name: RawSpan) {
        if replyField(slot, name) == .expired { expireField(key, &slot, name) }
    }

    /// The same of one among several fields; true when it is there.
    @discardableResult
    mutating func replyField(
        _ slot: inout KeySlot, _ index: Int, _ arguments: borrowing Arguments, _ expired: inout [Int]
    ) -> Bool {
        let presence = replyField(slot, arguments[index])
        if presence == .expired { removeExpiredField(&slot, index, arguments, &expired) }
        return presence == .present
    }

    private mutating func replyField(_ slot: KeySlot, _ name: RawSpan) -> FieldPresence {
        let presence = slot.entry?.readField(name, at: now) { reply.bulk($0) } ?? .missing
        if presence != .present { reply.null() }
        return presence
    }

    private mutating func removeExpiredField(
        _ slot: inout KeySlot, _ index: Int, _ arguments: borrowing Arguments, _ expired: inout [Int]
    ) {
        if removeExpiredField(arguments[1], &slot, arguments[index]) { expired.append(index) }
    }
}
