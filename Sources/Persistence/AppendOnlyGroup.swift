// Groups of commands in an increment that has room ahead.
//
// Where a file grows with every sync, the file system writes about the file each time, beside what
// is in it. So a server that syncs very often lengthens its file by a large piece now and then,
// and writes what follows over it:
//
//   commands  #SUM:93:6a1c...\r\n  93 bytes of commands  #SUM:...  ...  ####..#\n####..#\n
//                                                                       the room ^
//
// The room is lines of annotations, as Redis calls what begins with `#`: whoever reads the file
// passes over them. They are so short that what a group leaves of one is a line again; where that
// would be its line feed alone, the group is written with one `#` more, which the next one takes.
//
// Nothing tells the length of such a file's content, and sectors come to the disk in any order:
// so each group says how many bytes it has and what their sum is. One that a crash has torn is the
// last, for the next was not begun before it was on the disk. Bytes behind a piece of room are what
// is left of one whose beginning never came to the disk, unless they begin with SELECT, as do those
// that another server has appended.

import Primitives

/// The line in front of a group.
public struct AppendOnlyGroup: Equatable, Sendable {
    /// Bytes of commands behind the line.
    public let bytes: Int
    /// Their CRC-64, as snapshots have it.
    public let sum: UInt64

    /// A group of so many bytes.
    public init(bytes: Int, sum: UInt64) {
        self.bytes = bytes
        self.sum = sum
    }

    /// A longer one is none: reading it would take memory for nothing.
    public static var largest: Int { 1 << 16 }
    /// Digits of the sum.
    private static var digits: Int { 16 }

    /// The line, with its end.
    public var line: [UInt8] {
        let hexadecimal = String(sum, radix: 16)
        let zeros = String(repeating: "0", count: Self.digits - hexadecimal.utf8.count)
        return [UInt8]("#SUM:\(bytes):\(zeros)\(hexadecimal)\r\n".utf8)
    }
}

extension AppendOnlyGroup {
    /// Whether a group is anywhere in these bytes, whole.
    public static func isIn(_ bytes: RawSpan, _ summing: CRC64) -> Bool {
        var place = 0
        while let start = bytes.firstIndex(of: 35, from: place) {
            place = start + 1
            guard let feed = bytes.firstIndex(of: 10, from: place) else { return false }
            guard case .group(let group) = AppendOnlyAnnotation(bytes.slice(start, feed - start), endingAt: 1) else { continue }
            let rest = bytes.suffix(from: feed + 1)
            if group.bytes > 0, group.bytes <= rest.byteCount, summing.sum(rest.slice(0, group.bytes)) == group.sum { return true }
        }
        return false
    }
}

/// A line that begins with `#`.
public enum AppendOnlyAnnotation: Equatable, Sendable {
    /// The seconds of a `#TS:` line; nil where it does not tell them.
    case moment(Int64?)
    /// A group follows.
    case group(AppendOnlyGroup)
    /// A line that should announce a group, and does not.
    case tornGroup
    /// Room that was never written to.
    case room
    /// Whatever somebody wanted to say.
    case comment

    /// A longer line tells nothing.
    public static var tellingBytes: Int { 80 }

    /// `line`: without its line feed, behind which is `end` in the file.
    public init(_ line: RawSpan, endingAt end: Int) {
        guard line.byteCount <= Self.tellingBytes else {
            self = .comment
            return
        }
        let text = line.array
        if end % Int(AppendOnlyRoom.lineBytes) == 0, text.allSatisfy({ $0 == 35 }) {
            self = .room
        } else if text.starts(with: [UInt8]("#TS:".utf8)) {
            self = .moment(text.last == 13 ? Array(text[4..<text.count - 1]).rawSpan.canonicalInteger : nil)
        } else if text.starts(with: [UInt8]("#SUM:".utf8)) {
            self = Self.group(text).map { .group($0) } ?? .tornGroup
        } else {
            self = .comment
        }
    }

    private static func group(_ text: [UInt8]) -> AppendOnlyGroup? {
        let fields = text.dropFirst(5).dropLast().split(separator: 58, omittingEmptySubsequences: false)
        guard text.last == 13, fields.count == 2, let bytes = Array(fields[0]).rawSpan.canonicalInteger,
            bytes >= 0, bytes <= Int64(AppendOnlyGroup.largest), let sum = UInt64(String(decoding: fields[1], as: UTF8.self), radix: 16)
        else { return nil }
        let group = AppendOnlyGroup(bytes: Int(bytes), sum: sum)
        // Signs and missing zeros are no digits of ours.
        return group.line.dropLast() == text[...] ? group : nil
    }
}

/// What the room in an increment is filled with.
public enum AppendOnlyRoom {
    /// Bytes of a line, which ends at multiples of it. Redis reads lines of up to 1023 bytes.
    public static var lineBytes: Int64 { 64 }

    /// What is to stand at `range`, whose end is that of a line.
    public static func filling(_ range: Range<Int64>) -> [UInt8] {
        precondition(range.upperBound % lineBytes == 0)
        var bytes = [UInt8](repeating: 35, count: range.count)
        var feed = Int(lineBytes - 1 - range.lowerBound % lineBytes)
        // A line feed alone would be no annotation.
        if feed == 0 { feed = Int(lineBytes) }
        for place in stride(from: feed, to: bytes.count, by: Int(lineBytes)) { bytes[place] = 10 }
        return bytes
    }

    /// Whether what begins at `offset` of the room would be a line feed alone.
    public static func isAtLineFeed(_ offset: Int64) -> Bool { offset % lineBytes == lineBytes - 1 }

    /// Whether nothing else is there.
    public static func isRoom(_ bytes: RawSpan) -> Bool { isRoom(bytes, orZeros: false) }

    /// Whether there is nothing but room, some of which may not have come to the disk.
    public static func isDamagedRoom(_ bytes: RawSpan) -> Bool {
        isRoom(bytes, orZeros: true) && (bytes.byteCount == 0 || bytes.firstIndex(of: 35, from: 0) != nil)
    }

    private static func isRoom(_ bytes: RawSpan, orZeros takesZeros: Bool) -> Bool {
        for index in 0..<bytes.byteCount {
            let byte = bytes.byte(index)
            guard byte == 35 || byte == 10 || takesZeros && byte == 0 else { return false }
        }
        return true
    }
}
