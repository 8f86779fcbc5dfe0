// Commands that took long or were large: what SLOWLOG and COMMANDLOG show.

import Primitives
import RESP

/// A noted command.
public struct CommandNote: Sendable {
    /// Counts the notes of its kind since the server started.
    public let number: Int64
    /// Seconds since 1970.
    public let seconds: Int64
    /// Microseconds of execution, or bytes of the request or reply.
    public let measure: Int64
    /// The words, long ones and long rows of them cut short.
    public let words: [[UInt8]]
    /// The client's, with its port.
    public let address: String
    /// What the client calls itself.
    public let name: [UInt8]
}

/// Three lists of noted commands, the latest first. A registry: the engine writes it.
public struct CommandLog: Sendable {
    private var notes: [[CommandNote]] = [[], [], []]
    private var noted: [Int64] = [0, 0, 0]
    /// Arguments of one command that nobody may read later, and which command of the server it is.
    private var secrets: (command: Int64, arguments: [Int]) = (-1, [])

    init() {}

    /// Notes of a kind.
    public func count(_ kind: CommandLogKind) -> Int { notes[kind.rawValue].count }

    /// The latest notes of a kind, `limit` at most.
    public func latest(_ limit: Int, _ kind: CommandLogKind) -> [CommandNote] {
        Array(notes[kind.rawValue].suffix(max(0, limit)).reversed())
    }

    /// Forgets the notes of a kind; their numbers go on.
    public mutating func reset(_ kind: CommandLogKind) { notes[kind.rawValue] = [] }

    /// Marks an argument of command number `command` as secret.
    mutating func hide(_ argument: Int, of command: Int64) {
        if secrets.command != command { secrets = (command, []) }
        secrets.arguments.append(argument)
    }

    /// What is kept of a command's words.
    func kept(_ arguments: borrowing Arguments, of command: Int64, _ settings: MonitoringSettings) -> [[UInt8]] {
        let limit = Int(settings.keptWords)
        let shown = arguments.count > limit ? limit - 1 : arguments.count
        let hidden = secrets.command == command ? secrets.arguments : []
        var words: [[UInt8]] = []
        for i in 0..<shown {
            let excess = arguments[i].byteCount - Int(settings.keptWordBytes)
            if hidden.contains(i) {
                words.append([UInt8]("(redacted)"))
            } else if excess > 0 {
                words.append(
                    arguments[i].slice(0, Int(settings.keptWordBytes)).array + [UInt8]("... (\(excess) more bytes)"))
            } else {
                words.append(arguments[i].array)
            }
        }
        if shown < arguments.count { words.append([UInt8]("... (\(arguments.count - shown) more arguments)")) }
        return words
    }

    /// Adds a note and drops the oldest ones beyond `limit`.
    mutating func add(
        _ kind: CommandLogKind, measure: Int64, seconds: Int64, words: [[UInt8]], _ identity: SessionIdentity, limit: Int64
    ) {
        let list = kind.rawValue
        notes[list].append(
            CommandNote(
                number: noted[list], seconds: seconds, measure: measure, words: words, address: identity.peer.address,
                name: identity.name))
        noted[list] += 1
        let excess = notes[list].count - Int(clamping: limit)
        if excess > 0 { notes[list].removeFirst(excess) }
    }
}
