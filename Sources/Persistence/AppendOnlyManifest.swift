import Primitives
import RESP

/// The list of files that make up an append-only file, in the format of Redis 7: a line each,
/// `file <name> seq <number> type <b|h|i>`. The base holds a state of the data, the increments in
/// their order what was written after it; history is what a rewrite made needless.
public struct AppendOnlyManifest: Equatable, Sendable {
    /// What a file is for; the letter in the manifest.
    public enum Kind: UInt8, Sendable {
        case base = 98
        case history = 104
        case increment = 105
    }

    /// One of the files.
    public struct File: Equatable, Sendable {
        /// Its name in the directory of the append-only file.
        public var name: [UInt8]
        /// Bases and increments are numbered, each for themselves, from 1.
        public var sequence: Int64

        /// Both.
        public init(name: [UInt8], sequence: Int64) {
            self.name = name
            self.sequence = sequence
        }
    }

    /// Why a manifest is none.
    public struct Damage: Error, Equatable, Sendable {
        /// From 1; 0 for the whole file.
        public let line: Int
        /// The line as it stands there, without its end.
        public let words: [UInt8]
        /// In the words of Redis.
        public let text: String
    }

    /// Holds a whole state of the data; nil before there is any.
    public var base: File?
    /// Newest first.
    public var history: [File] = []
    /// Oldest first; the last one is written to.
    public var increments: [File] = []
    /// The last numbers that were given out.
    private var baseSequence: Int64 = 0
    private var incrementSequence: Int64 = 0

    /// No files yet.
    public init() {}

    // MARK: Reading

    /// Longest line, its end included.
    private static var lineLimit: Int { 1024 }

    /// Reads a manifest.
    public init(_ text: [UInt8]) throws(Damage) {
        guard !text.isEmpty else { throw Damage(line: 0, words: [], text: "Found an empty AOF manifest") }
        var start = 0
        var number = 0
        var names: Set<[UInt8]> = []
        while start < text.count {
            number += 1
            let end = text[start...].firstIndex(of: 10)
            let line = Array(text[start..<(end ?? text.count)])
            guard let end, line.count < Self.lineLimit else {
                throw Damage(line: number, words: line, text: "The AOF manifest file contains too long line")
            }
            start = end + 1
            if line.first == 35 { continue }
            do throws(Problem) {
                // A file that is base and increment would be loaded twice, one that is history as well removed.
                guard names.insert(try read(line)).inserted else { throw Problem(text: "Found the same file twice") }
            } catch {
                throw Damage(line: number, words: line, text: error.text)
            }
        }
    }

    private struct Problem: Error { let text: String }

    private static var badFormat: Problem { Problem(text: "Invalid AOF manifest file format") }

    /// Takes a line in; the name of its file.
    private mutating func read(_ line: [UInt8]) throws(Problem) -> [UInt8] {
        guard let words = InlineWords.split(line.rawSpan), words.count >= 6, words.count % 2 == 0 else { throw Self.badFormat }
        var name: [UInt8] = []
        var sequence: Int64 = 0
        var letter: UInt8 = 0
        for index in stride(from: 0, to: words.count, by: 2) {
            let value = words[index + 1]
            switch String(decoding: words[index], as: UTF8.self).lowercased() {
            case "file": name = value
            case "seq": sequence = value.rawSpan.canonicalInteger ?? 0
            case "type": letter = value.first ?? 0
            default: break  // of a younger version
            }
        }
        guard !name.contains(47) else { throw Problem(text: "File can't be a path, just a filename") }
        guard !name.isEmpty, sequence > 0, letter != 0 else { throw Self.badFormat }
        try add(File(name: name, sequence: sequence), letter)
        return name
    }

    private mutating func add(_ file: File, _ letter: UInt8) throws(Problem) {
        switch Kind(rawValue: letter) {
        case .base:
            guard base == nil else { throw Problem(text: "Found duplicate base file information") }
            base = file
            baseSequence = file.sequence
        case .history: history.append(file)
        case .increment:
            guard file.sequence > incrementSequence else { throw Problem(text: "Found a non-monotonic sequence number") }
            increments.append(file)
            incrementSequence = file.sequence
        case nil: throw Problem(text: "Unknown AOF file type")
        }
    }

    // MARK: Writing

    /// The manifest as it is written to its file.
    public var text: [UInt8] {
        var text: [UInt8] = []
        if let base { text += Self.line(base, .base) }
        for file in history { text += Self.line(file, .history) }
        for file in increments { text += Self.line(file, .increment) }
        return text
    }

    private static func line(_ file: File, _ kind: Kind) -> [UInt8] {
        let isPlain = file.name.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 39 && $0 != 92 }
        let name = isPlain ? file.name : InlineWords.quoted(file.name)
        return [UInt8]("file ") + name + [UInt8](" seq \(file.sequence) type ") + [kind.rawValue, 10]
    }

    // MARK: Changing

    /// Whether one of the files, be it one about to be removed, has this name.
    private func names(_ name: [UInt8]) -> Bool {
        base?.name == name || history.contains { $0.name == name } || increments.contains { $0.name == name }
    }

    /// The next base takes the place of all that was there; `isSnapshot` chooses its suffix.
    public mutating func replaceBase(prefix: [UInt8], isSnapshot: Bool) -> File {
        if let base { history.insert(base, at: 0) }
        base = nil
        var file: File
        repeat {
            (baseSequence, _) = baseSequence.addingReportingOverflow(1)
            file = File(name: prefix + [UInt8](".\(baseSequence).base." + (isSnapshot ? "rdb" : "aof")), sequence: baseSequence)
        } while names(file.name)
        base = file
        return file
    }

    /// The base is a file of the days when there was but one.
    public mutating func adoptBase(named name: [UInt8]) {
        baseSequence = 1
        base = File(name: name, sequence: 1)
    }

    /// The increments but the last `count` are needless: a base holds what they say.
    public mutating func retireIncrements(keeping count: Int) {
        let old = increments.dropLast(count)
        for file in old { history.insert(file, at: 0) }
        increments.removeFirst(old.count)
    }

    /// A further increment. Numbers start anew where no increment is left, but no name that stands here is given again.
    public mutating func addIncrement(prefix: [UInt8]) -> File {
        var file: File
        repeat {
            (incrementSequence, _) = incrementSequence.addingReportingOverflow(1)
            file = File(name: prefix + [UInt8](".\(incrementSequence).incr.aof"), sequence: incrementSequence)
        } while names(file.name)
        increments.append(file)
        return file
    }
}
