// The increment that is written to. Under `always` a busy server has room ahead in it, which
// its writes fill: a sync that makes no file longer costs half of one that does. How the
// file looks then, and what a crash may leave of it: AppendOnlyGroup in Persistence.
//
//   content                             room
//   |---------------------- bytes ------|--------- end: of the file
//
// The file is cut off behind its content whenever somebody else may want to read it: when it is
// closed or linked, when nobody has written for a while, or when something does not fit.

import Persistence
import Primitives

/// A file, and how much is in it.
struct OpenIncrement: Sendable {
    /// Its descriptor; negative: there is none.
    var file: Int32 = -1
    /// Bytes of its content.
    var bytes: Int64 = 0
    /// The room behind it.
    var room = RoomAhead()

    /// The file ends earlier than was thought.
    mutating func isCut(to bytes: Int64) { (self.bytes, room.end) = (bytes, nil) }

    /// Begins to write into another file.
    mutating func replace(_ file: Int32, bytes: Int64) {
        (self.file, self.bytes) = (file, bytes)
        (room.end, room.isBeingMade) = (nil, false)
    }
}

/// The room in a file behind its content.
struct RoomAhead: Sendable {
    /// Nanoseconds between two groups in quick succession.
    private static var pause: Int64 { 10_000_000 }
    /// Nanoseconds without a group after which the room goes.
    private static var idle: Int64 { 1_000_000_000 }

    /// Where it ends, as the file does; nil: there is none.
    var end: Int64?
    /// Whether the sync under way makes more of it.
    var isBeingMade = false
    private var groups = 0
    private var lastGroup: Int64 = 0
    private var summing: CRC64?

    /// Notes that a group of so many bytes is about to be written.
    mutating func note(_ bytes: Int, _ settings: RoomSettings, now: Int64) {
        let isQuick = now - lastGroup < Self.pause && bytes <= settings.largestGroup
        groups = isQuick ? min(groups + 1, settings.fewestGroups) : 0
        lastGroup = now
    }

    /// The disk has none to give.
    mutating func isRefused() { groups = 0 }

    /// Whether nobody has written for a while.
    func isIdle(at now: Int64) -> Bool { end != nil && now - lastGroup >= Self.idle }

    /// Whether a group of so many bytes goes into it behind `offset`, with its line and a byte behind it.
    func holds(_ bytes: Int, _ settings: RoomSettings, behind offset: Int64) -> Bool {
        guard let end, bytes <= settings.largestGroup else { return false }
        return end - offset > Int64(bytes + AppendOnlyAnnotation.tellingBytes)
    }

    /// What the next sync is to make, with the content ending at `offset`; nil: nothing.
    func wanted(_ settings: RoomSettings, behind offset: Int64) -> Range<Int64>? {
        let start = end ?? offset
        guard groups >= settings.fewestGroups, start - offset < Int64(2 * settings.largestGroup) else { return nil }
        return start..<(start + settings.piece) / AppendOnlyRoom.lineBytes * AppendOnlyRoom.lineBytes
    }

    /// Makes a group of commands, as it stands in the room behind `offset`; how many of its bytes are content.
    mutating func frame(_ commands: borrowing ByteChain, behind offset: Int64, into group: inout ByteChain) -> Int {
        let summing = self.summing ?? CRC64(isWide: true)
        self.summing = summing
        var sum: UInt64 = 0
        commands.forEachSegment { sum = summing.sum($0, after: sum) }
        let line = AppendOnlyGroup(bytes: commands.count, sum: sum).line
        var block = Block(capacity: line.count + commands.count + 1)
        block.append(line.rawSpan)
        commands.forEachSegment { block.append($0) }
        let content = block.count
        if AppendOnlyRoom.isAtLineFeed(offset + Int64(content)) { block.append(RawSpan(literal: "#")) }
        let count = block.count
        group.append(Segment(block, 0, count))
        return content
    }
}
