// What clients get without asking. A push is encoded once; the chains of all
// receivers share its bytes. It never stands in the midst of a reply: who is
// served gets it behind the reply of the unit under way.

import BasicContainers
import Primitives
import RESP

/// A push in the dialects in which it is wanted; they differ in their first byte.
struct Push: ~Copyable {
    private let version: ProtocolVersion
    private let encoded: ByteChain
    private var other: ByteChain?

    init(_ encoded: consuming ByteChain, _ version: ProtocolVersion) {
        self.encoded = encoded
        self.version = version
    }

    /// The same push once more.
    func shared() -> Push { Push(encoded.shared(), version) }

    /// Appends the push to a session's output.
    mutating func append(to output: inout ByteChain, _ wanted: ProtocolVersion) {
        guard wanted != version else { return encoded.share(into: &output) }
        let chain = other.take() ?? encoded.replacingFirstByte(with: wanted == .resp3 ? 62 : 42)
        chain.share(into: &output)
        other = consume chain
    }
}

/// Where pushes are encoded, and where they wait.
struct Pushes: ~Copyable {
    var bytes = ByteWriter()
    var held = HeldPushes()

    /// What was written since the last cut.
    mutating func cut() -> ByteChain {
        var chain = ByteChain()
        bytes.cut(into: &chain)
        return chain
    }
}

/// A push and whom it is for.
struct HeldPush: ~Copyable {
    let session: SessionID
    var push: Push

    init(_ push: consuming Push, for session: SessionID) {
        self.push = push
        self.session = session
    }
}

/// Pushes that wait for the end of a unit, because their receiver is served.
struct HeldPushes: ~Copyable {
    private var entries = UniqueArray<HeldPush>()

    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ push: consuming Push, for session: SessionID) {
        entries.append(HeldPush(push, for: session))
    }

    /// Moves what waits for a session to the end of its output, and keeps the rest.
    mutating func move(to session: inout Session) {
        var kept = UniqueArray<HeldPush>()
        for i in 0..<entries.count {
            if entries[i].session == session.id {
                entries[i].push.append(to: &session.output, session.version)
            } else {
                kept.append(HeldPush(entries[i].push.shared(), for: entries[i].session))
            }
        }
        entries = kept
    }
}
