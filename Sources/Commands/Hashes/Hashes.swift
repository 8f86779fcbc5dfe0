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

    /// Replies with the value of a field, or null; an expired one is removed. True when there was one.
    @discardableResult
    mutating func replyField(_ key: RawSpan, _ slot: inout KeySlot, _ name: RawSpan) -> Bool {
        guard let entry = slot.entry else {
            reply.null()
            return false
        }
        let presence = entry.readField(name, at: now) { reply.bulk($0) }
        if presence == .present { return true }
        reply.null()
        if presence == .expired { expireField(key, &slot, name) }
        return false
    }
}
