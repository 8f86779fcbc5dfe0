// What happens to keys, told to those who want to know: subscribers of keyspace
// events at once, everybody else with the notices at the end of the unit.

import Keyspace
import Primitives
import RESP

extension CommandContext {
    /// Tells that a key of the selected database was changed. To be called once per change.
    @inlinable
    public mutating func keyModified(_ key: RawSpan, _ event: KeyEvent) { keyModified(key, event, in: session.database) }

    /// The same of a key of any database.
    public mutating func keyModified(_ key: RawSpan, _ event: KeyEvent, in database: DatabaseIndex) {
        count(key, database)
        notice(key, event, database)
    }

    /// Tells that a key of the selected database got another value in place of one of type `old`; nil: there was none.
    public mutating func keyModified(_ key: RawSpan, _ event: KeyEvent, replacing old: ValueType?) {
        count(key, session.database)
        guard !notices.interest.isEmpty else { return }
        if let old { tellReplacement(key, old, session.database) }
        tell(key, event, session.database)
    }

    /// Tells that fields of a hash of the selected database were changed.
    public mutating func keyModified(
        _ key: RawSpan, _ event: KeyEvent, _ fields: ChangedFields, _ arguments: borrowing Arguments
    ) {
        count(key, session.database)
        notice(key, event, fields, arguments)
    }

    /// Counts one change.
    @inline(__always)
    private mutating func count(_ key: RawSpan, _ database: DatabaseIndex) {
        notices.changes &+= 1
        if configuration.maximumMemoryPolicy.isModification { noteModification(key, database) }
    }

    /// Renews the moment of the last change, for policies that go by it.
    @inline(never)
    private func noteModification(_ key: RawSpan, _ database: DatabaseIndex) {
        let hash = keyspace.hash(key)
        keyspace[database][hash].find(key, hash)?.access = AccessBits(seconds: now)
    }

    /// Tells an event that is no change of its own (a second event of one change).
    public mutating func notice(_ key: RawSpan, _ event: KeyEvent, _ database: DatabaseIndex) {
        if !notices.interest.isEmpty { tell(key, event, database) }
    }

    /// The same of fields of a hash of the selected database.
    public mutating func notice(
        _ key: RawSpan, _ event: KeyEvent, _ fields: ChangedFields, _ arguments: borrowing Arguments
    ) {
        guard !notices.interest.isEmpty else { return }
        tell(key, event, session.database)
        if notices.interest.contains(.fields) { publish(fields.names(arguments), of: key, event, session.database) }
    }

    /// The same of fields of which only the names are left, if they were kept.
    mutating func notice(_ key: RawSpan, _ event: KeyEvent, _ names: [[UInt8]], _ database: DatabaseIndex) {
        notice(key, event, database)
        if notices.interest.contains(.fields) { publish(names, of: key, event, database) }
    }

    /// Tells that a value has taken the place of one of type `old`, behind the event of the command that did it.
    public mutating func noticeReplacement(_ key: RawSpan, _ old: ValueType?, _ database: DatabaseIndex) {
        if !notices.interest.isEmpty, let old { tellReplacement(key, old, database) }
    }

    /// Counts changes that have no key of their own (FLUSHALL).
    public mutating func changed(_ count: Int) { notices.changes &+= count }

    @inline(never)
    private mutating func tell(_ key: RawSpan, _ event: KeyEvent, _ database: DatabaseIndex) {
        if notices.interest.contains(.arrivals) { tellArrivals() }
        if notices.interest.contains(.tracking) { invalidate(key) }
        if notices.interest.contains(.events) { publish(key, event, database) }
        if notices.records(keyspace.hash(key)) { notices.record(key, event, database) }
    }

    @inline(never)
    private mutating func tellReplacement(_ key: RawSpan, _ old: ValueType, _ database: DatabaseIndex) {
        guard notices.interest.contains(.events) else { return }
        publish(key, KeyEvent("overwritten", .overwritten), database)
        guard configuration.monitoring.keyEvents.publishes(.typeChanged) else { return }
        let hash = keyspace.hash(key)
        guard let new = keyspace[database][hash].find(key, hash)?.type, new != old else { return }
        publish(key, KeyEvent("type_changed", .typeChanged), database)
    }

    /// Publishes the events of the keys that were missing and have come into being.
    mutating func tellArrivals() {
        var index = 0
        while index < notices.missing.count {
            let (bytes, database) = notices.missing[index]
            let hash = keyspace.hash(bytes.rawSpan)
            guard keyspace[database][hash].find(bytes.rawSpan, hash) != nil else {
                index += 1
                continue
            }
            notices.missing.remove(at: index)
            publish(bytes.rawSpan, KeyEvent("new", .new), database)
        }
    }

    /// A key takes the place of one that is removed first: it counts as new.
    mutating func comesAnew(_ key: RawSpan, _ database: DatabaseIndex) {
        if notices.interest.contains(.arrivals) { noteMissing(key, database) }
    }

    /// Notes for a unit that wants to know of new keys that one was not there.
    @inline(never)
    mutating func noteMissing(_ key: RawSpan, _ database: DatabaseIndex) {
        let bytes = key.array
        guard !notices.missing.contains(where: { $0.database == database && $0.key == bytes }) else { return }
        notices.missing.append((bytes, database))
    }

    /// Tells that a key was read that is not there.
    @inline(never)
    mutating func tellMiss(_ key: RawSpan, _ database: DatabaseIndex) {
        publish(key, KeyEvent("keymiss", .miss), database)
    }

    private mutating func publish(_ key: RawSpan, _ event: KeyEvent, _ database: DatabaseIndex) {
        let classes = configuration.monitoring.keyEvents
        guard classes.publishes(event.kind), !clients.pubsub.isIdle else { return }
        let name = RawSpan(literal: event.name)
        let place = [UInt8]("@\(database.value)__:")
        if classes.contains(.keyspace) {
            let channel = [UInt8]("__keyspace") + place + key.array
            publish(channel.rawSpan, name)
        }
        if classes.contains(.keyevent) {
            let channel = [UInt8]("__keyevent") + place + name.array
            publish(channel.rawSpan, key)
        }
    }
}
